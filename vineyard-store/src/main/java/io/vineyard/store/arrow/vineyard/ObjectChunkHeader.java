package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.arrow.format.ChunkHeader;
import io.vineyard.store.arrow.format.Malformed;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a chunk that is an object: a {@link ChunkHeader} with one message, little-endian,
 * that says where the object's blobs lie in the chunk, and what its tree is.
 *
 * <pre>
 *  0           8        16        24           24 * n
 * +-----------+--------+---------+----------- +------------------+
 * | n, 0      |        |         |            |                  |
 * | (8 bytes) | id     | offset  | size, ...  | {@link TreeCodec} |
 * +-----------+--------+---------+----------- +------------------+
 * </pre>
 *
 * @param tree the object; a bare blob stands for bytes of a form that the stream's type says
 * @param blobs where its blobs are
 */
public record ObjectChunkHeader(ObjectMeta tree, List<BlobPart> blobs) {
  private static final int FIRST_BYTES = 2 * Integer.BYTES;
  private static final int PART_BYTES = 3 * Long.BYTES;

  /**
   * Where a blob lies.
   *
   * @param id the blob, as the tree names it
   * @param offset of its first byte, as offsets of chunks count
   * @param sizeBytes how many bytes it has
   */
  public record BlobPart(ObjectId id, long offset, long sizeBytes) {}

  /**
   * Makes the header of a chunk that is this object.
   *
   * @param tree all of it, without references
   * @param blobs each blob of the tree but the empty one, once
   */
  public static ByteBuffer encode(ObjectMeta tree, List<BlobPart> blobs) {
    ByteBuffer parts =
        ByteBuffer.allocate(FIRST_BYTES + blobs.size() * PART_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(blobs.size())
            .putInt(0);
    for (BlobPart blob : blobs) {
      parts.putLong(blob.id().value()).putLong(blob.offset()).putLong(blob.sizeBytes());
    }
    ChunkHeader header = new ChunkHeader();
    header.beginObject();
    header.add(TreeCodec.encode(tree, parts.array()));
    return header.end();
  }

  /** Reads the message of such a header, which nobody has checked. */
  public static ObjectChunkHeader decode(ByteBuffer message) {
    ByteBuffer all = message.slice().order(ByteOrder.LITTLE_ENDIAN);
    int count = all.remaining() < FIRST_BYTES ? -1 : all.getInt(0);
    if (count < 0 || count > (all.remaining() - FIRST_BYTES) / PART_BYTES) {
      throw Malformed.of("blobs within " + all.remaining() + " bytes", "" + count);
    }
    all.position(FIRST_BYTES);
    List<BlobPart> blobs = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      blobs.add(new BlobPart(new ObjectId(all.getLong()), all.getLong(), all.getLong()));
    }
    return new ObjectChunkHeader(TreeCodec.decode(all), blobs);
  }

  /** Returns where the blobs are in a chunk; each is looked at when it is asked for. */
  public BlobBytes in(BytesAccess chunk) {
    Map<ObjectId, BlobPart> byId = new HashMap<>();
    blobs.forEach(blob -> byId.put(blob.id(), blob));
    return id -> {
      BlobPart blob = byId.get(id);
      if (blob == null || blob.sizeBytes() < 0) {
        throw Malformed.of("one of " + byId.size() + " blobs of a chunk", id + ", " + blob);
      }
      return blob.sizeBytes() == 0
          ? Region.EMPTY
          : new Region(chunk.address(blob.offset(), blob.sizeBytes()), blob.sizeBytes());
    };
  }
}
