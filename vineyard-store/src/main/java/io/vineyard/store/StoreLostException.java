package io.vineyard.store;

import org.jspecify.annotations.Nullable;

/**
 * The store was closed, its process died, or the connection to it broke.
 *
 * <p>What was received before stays readable until it is closed; everything else needs a new store.
 */
public final class StoreLostException extends VineyardException {
  private static final long serialVersionUID = 1L;

  StoreLostException(String message, @Nullable Throwable cause) {
    super(ErrorCode.STORE_LOST, message, cause);
  }
}
