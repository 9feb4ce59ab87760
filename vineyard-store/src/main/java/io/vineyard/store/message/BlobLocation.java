package io.vineyard.store.message;

/**
 * Where a sealed blob lies.
 *
 * @param blob its id
 * @param segment the segment
 * @param offset bytes from the start of the segment
 * @param sizeBytes its size
 */
public record BlobLocation(long blob, long segment, long offset, long sizeBytes) {}
