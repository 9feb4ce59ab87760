package io.vineyard.store.client.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.vineyard.BatchTree;
import io.vineyard.store.arrow.vineyard.BlobSource;
import io.vineyard.store.arrow.vineyard.ChunkViews;
import io.vineyard.store.arrow.vineyard.IpcStreamBytes;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How chunks of one stream are put into a Vineyard server: as its own clients expect them, if they
 * can be, else as {@link OwnChunk}. Used by one thread.
 */
final class ChunkForms {
  private static final int BYTES_HEADER = 16;

  private final String typeName;
  private final ChunkViews views = new ChunkViews();
  private boolean preambleWritten;

  ChunkForms(String typeName) {
    this.typeName = typeName;
  }

  /**
   * A chunk as blobs, and the object that they make.
   *
   * @param object null if the chunk is the one blob, or the empty one if there is none
   */
  record Form(List<BlobSource> blobs, @Nullable Function<List<ObjectId>, ObjectMeta> object) {}

  /** Returns the form of a chunk; its bytes must stay until the blobs are written. */
  Form of(CopiedDraft draft, @Nullable ByteBuffer preamble) {
    if (typeName.equals(StreamSpec.BYTES)) {
      return bytes(draft);
    }
    try {
      if (typeName.equals(StreamSpec.RECORD_BATCHES)) {
        BatchTree tree = views.tree(draft.header(), preamble, draft::address);
        return new Form(tree.blobs(), tree::meta);
      }
      if (typeName.equals(StreamSpec.DATAFRAMES)) {
        IpcStreamBytes stream = views.stream(draft.header(), preamble, draft::address);
        return new Form(List.of(new BlobSource.Made(stream.sizeBytes(), stream::writeTo)), null);
      }
    } catch (VineyardException e) {
      // Vineyard has no form for this one
    }
    return own(draft, preamble);
  }

  /** What a chunk carries besides has no place. */
  private static Form bytes(CopiedDraft draft) {
    ByteBuffer header = draft.header();
    if (header.remaining() < BYTES_HEADER) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED,
          "expected a chunk of bytes: a Vineyard server has no other in a stream of bytes");
    }
    long offset = header.getLong(0);
    long sizeBytes = header.getLong(Long.BYTES);
    if (sizeBytes == 0) {
      return new Form(List.of(), null);
    }
    long from = draft.address(offset, sizeBytes);
    return new Form(
        List.of(new BlobSource.Made(sizeBytes, to -> ProcessMemory.copy(from, to, sizeBytes))),
        null);
  }

  private Form own(CopiedDraft draft, @Nullable ByteBuffer preamble) {
    OwnChunk chunk = OwnChunk.of(draft, preambleWritten ? null : preamble);
    preambleWritten |= preamble != null;
    return new Form(
        List.of(
            new BlobSource.Made(
                chunk.sizeBytes(), address -> chunk.writeTo(address, draft.ranges()))),
        null);
  }
}
