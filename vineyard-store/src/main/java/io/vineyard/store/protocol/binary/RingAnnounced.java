package io.vineyard.store.protocol.binary;

/**
 * The ring of a stream, whose descriptor comes on the second connection.
 *
 * @param handle the end of the stream that is being opened
 * @param epoch the number of a reader
 * @param capacityBytes its capacity
 */
public record RingAnnounced(long handle, int epoch, long capacityBytes) implements Announced {}
