package io.vineyard.store.core;

/** One reader of a stream: it reads, or it has left and still has leases. */
final class ReaderCursor {
  final StreamLog log;
  final AttachedClient client;
  final long handle;

  /** Tells its leases from those of other readers. */
  final int epoch;

  /** Whether it knows how the stream has ended. */
  boolean endSent;

  ReaderCursor(StreamLog log, AttachedClient client, long handle, int epoch) {
    this.log = log;
    this.client = client;
    this.handle = handle;
    this.epoch = epoch;
  }
}
