package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.message.BlobLocation;
import java.util.ArrayList;
import java.util.List;

/**
 * Lists of metadata and of blobs.
 *
 * <pre>
 * metas   u32 count, that many trees
 * blobs   u32 count, that many: i64 blob, i64 segment, i64 offset, i64 size in bytes
 * </pre>
 */
final class ObjectParts {
  private static final int LEAST_TREE_BYTES = 29;
  private static final int LOCATION_BYTES = 32;

  private ObjectParts() {}

  static void writeMetas(List<ObjectMeta> metas, ByteBuf out) {
    out.writeIntLE(metas.size());
    metas.forEach(meta -> MetaCodec.write(meta, out));
  }

  static List<ObjectMeta> readMetas(ByteBuf in) {
    int count = Primitives.readCount(in, LEAST_TREE_BYTES);
    List<ObjectMeta> metas = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      metas.add(MetaCodec.read(in));
    }
    return metas;
  }

  static void writeBlobs(List<BlobLocation> blobs, ByteBuf out) {
    out.writeIntLE(blobs.size());
    for (BlobLocation blob : blobs) {
      out.writeLongLE(blob.blob());
      out.writeLongLE(blob.segment());
      out.writeLongLE(blob.offset());
      out.writeLongLE(blob.sizeBytes());
    }
  }

  static List<BlobLocation> readBlobs(ByteBuf in) {
    int count = Primitives.readCount(in, LOCATION_BYTES);
    List<BlobLocation> blobs = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      blobs.add(
          new BlobLocation(in.readLongLE(), in.readLongLE(), in.readLongLE(), in.readLongLE()));
    }
    return blobs;
  }
}
