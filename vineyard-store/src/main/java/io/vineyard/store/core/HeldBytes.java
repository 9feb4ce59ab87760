package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;

/** The account of what clients have the tables themselves hold: preambles, metadata, names. */
final class HeldBytes {
  private final long most;
  private long held;

  HeldBytes(long most) {
    this.most = most;
  }

  void add(long bytes) {
    if (bytes > most - held) {
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED,
          "expected preambles, metadata and names of at most "
              + most
              + " bytes in the tables, got "
              + bytes
              + " more than "
              + held);
    }
    held += bytes;
  }

  void remove(long bytes) {
    assert bytes <= held : bytes + " of " + held + " bytes";
    held -= bytes;
  }
}
