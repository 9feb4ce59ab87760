package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.ring.Descriptor;

/**
 * Every bound of a store.
 *
 * @param capacityBytes the most memory of all segments
 * @param segmentBytes the usual capacity of a segment
 * @param clients the most attached clients
 * @param objects the most objects and blobs
 * @param names the most names
 * @param streams the most streams
 * @param requestsPerClient the most requests of one client that wait
 * @param endsPerClient the most stream ends that one client has open
 * @param nameBytes the most characters of a name or a type name
 * @param headerBytes the most bytes of a stream's preamble
 * @param metaDepth the deepest tree of metadata
 * @param metaObjects the most objects and blobs in one tree of metadata, each as often as it occurs
 * @param metaBytes the most bytes that one tree of metadata, or a list of them, may take in a frame
 * @param heldBytes the most bytes of preambles, metadata and names that the tables may hold
 */
public record StoreLimits(
    long capacityBytes,
    long segmentBytes,
    int clients,
    int objects,
    int names,
    int streams,
    int requestsPerClient,
    int endsPerClient,
    int nameBytes,
    int headerBytes,
    int metaDepth,
    int metaObjects,
    long metaBytes,
    long heldBytes) {

  /** The usual capacity of a segment: 64 MiB. */
  public static final long DEFAULT_SEGMENT_BYTES = 64L << 20;

  private static final long PAGE_BYTES = 4096;

  /** Returns the default bounds for a capacity, of which only whole pages count. */
  public static StoreLimits of(long capacityBytes, long segmentBytes) {
    if (capacityBytes < PAGE_BYTES) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a capacity of at least " + PAGE_BYTES + " bytes, got " + capacityBytes);
    }
    if (segmentBytes < PAGE_BYTES) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected segments of at least " + PAGE_BYTES + " bytes, got " + segmentBytes);
    }
    long capacity = capacityBytes & -PAGE_BYTES;
    return new StoreLimits(
        capacity,
        Math.min((segmentBytes + PAGE_BYTES - 1) & -PAGE_BYTES, capacity),
        1024,
        4 << 20,
        1 << 20,
        1 << 16,
        4096,
        1 << 16,
        1024,
        Descriptor.MOST_HEADER_BYTES,
        64,
        1 << 16,
        4 << 20,
        Runtime.getRuntime().maxMemory() / 2);
  }
}
