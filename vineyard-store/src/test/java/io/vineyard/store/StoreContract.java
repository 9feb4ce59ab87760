package io.vineyard.store;

/** What the contracts need: a store of {@link #CAPACITY_BYTES}, seen by two of its clients. */
public interface StoreContract {
  /** The capacity of the store: 16 MiB. */
  long CAPACITY_BYTES = 16L << 20;

  /** The usual capacity of its segments: 1 MiB. */
  long SEGMENT_BYTES = 1L << 20;

  /** Returns the one client. */
  ObjectStore store();

  /** Returns the other client. */
  ObjectStore other();
}
