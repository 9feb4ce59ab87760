package io.vineyard.store.server.json;

import io.vineyard.store.ObjectId;
import io.vineyard.store.arrow.vineyard.BytesAccess;
import io.vineyard.store.core.Hosting;

/** A blob; what is made of it keeps its memory. */
final class BlobBacking implements Backing {
  private static final long[] NONE = {};

  private final Hosting hosting;
  private final SegmentMaps maps;
  private final Hosting.Place blob;

  BlobBacking(Hosting hosting, SegmentMaps maps, Hosting.Place blob) {
    this.hosting = hosting;
    this.maps = maps;
    this.blob = blob;
  }

  @Override
  public long[] segments() {
    return blob.sizeBytes() == 0 ? NONE : new long[] {blob.segment()};
  }

  @Override
  public BytesAccess bytes() {
    long size = blob.sizeBytes();
    long start = maps.get(blob.segment()).address(blob.offset(), size);
    return (offset, sizeBytes) -> {
      check(offset, sizeBytes);
      return start + offset;
    };
  }

  private void check(long offset, long sizeBytes) {
    long size = blob.sizeBytes();
    if (offset < 0 || sizeBytes < 0 || offset > size || sizeBytes > size - offset) {
      throw Backing.outside(offset, sizeBytes);
    }
  }

  @Override
  public ObjectId add(long offset, long sizeBytes) {
    check(offset, sizeBytes);
    ObjectId id = hosting.nextBlob();
    hosting.retain(blob.blob());
    try {
      hosting.addBlob(
          id,
          blob.segment(),
          blob.offset() + offset,
          sizeBytes,
          () -> hosting.release(blob.blob()));
    } catch (RuntimeException refused) {
      hosting.release(blob.blob());
      throw refused;
    }
    return id;
  }
}
