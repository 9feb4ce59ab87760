package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.util.function.LongConsumer;

/** Adds up what a list takes, before it is made. */
final class ListCost implements LongConsumer {
  private final long mostBytes;
  private long bytes;

  ListCost(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  @Override
  public void accept(long more) {
    bytes += more;
    if (bytes > mostBytes) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a list of at most " + mostBytes + " bytes, got a longer one: ask for fewer");
    }
  }
}
