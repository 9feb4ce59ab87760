package io.vineyard.store.protocol.binary;

/**
 * A segment whose descriptor comes on the second connection.
 *
 * @param request the request for a segment to write in that this answers, 0 if it is to be read
 * @param id the segment
 * @param capacityBytes its capacity
 */
public record SegmentAnnounced(long request, long id, long capacityBytes) implements Announced {}
