package io.vineyard.store;

/**
 * A store as it was at one moment. What it does not tell is -1: a Vineyard server does not tell its
 * {@code segments}, {@code objects}, {@code names}, {@code streams} and {@code leases}.
 *
 * @param capacityBytes the most memory that it may use
 * @param usedBytes the memory of all its segments, and of the rings of its streams, without what is
 *     only kept until somebody needs it; of a Vineyard server, that of its blobs
 * @param peakBytes the most that {@code usedBytes} ever was; of a Vineyard server, the most that
 *     this client was told
 * @param segments how many segments there are, without those that are only kept
 * @param clients how many clients are attached; to a Vineyard server, how many connections, of
 *     which a client has one more for each reader
 * @param objects how many objects and blobs it holds, streams not counted
 * @param names how many names are known
 * @param streams how many streams it holds
 * @param leases how many chunks and blobs are held by readers
 */
public record StoreStatus(
    long capacityBytes,
    long usedBytes,
    long peakBytes,
    int segments,
    int clients,
    int objects,
    int names,
    int streams,
    long leases) {

  /** Returns the memory that may still be used. */
  public long freeBytes() {
    return capacityBytes - usedBytes;
  }
}
