package io.vineyard.test;

import io.vineyard.store.ChunkDraft;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.VineyardException;
import java.nio.ByteBuffer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A writer whose chunks come out otherwise than whoever encodes them means them to.
 *
 * @param change makes the header that is published of the right one
 * @param withMemory whether the chunk says in which segments its bytes are
 */
record BrokenChunks(ChunkWriter writer, Function<ByteBuffer, ByteBuffer> change, boolean withMemory)
    implements ChunkWriter {

  /** Looks like the right draft to whoever completes it. */
  private static final class BrokenDraft implements ChunkDraft {
    private final BrokenChunks chunks;
    private final ChunkDraft right;
    private @Nullable ChunkDraft published;

    BrokenDraft(BrokenChunks chunks) {
      this.chunks = chunks;
      this.right = chunks.writer.draft();
    }

    @Override
    public long offsetOf(long address, long sizeBytes) {
      return right.offsetOf(address, sizeBytes);
    }

    @Override
    public ChunkDraft complete(ByteBuffer header, long dataBytes, Runnable onReclaimed) {
      ChunkDraft draft = chunks.withMemory ? right : chunks.writer.draft();
      published = draft.complete(chunks.change.apply(header), dataBytes, onReclaimed);
      return this;
    }
  }

  @Override
  public StreamInfo stream() {
    return writer.stream();
  }

  @Override
  public SharedMemory memory() {
    return writer.memory();
  }

  @Override
  public ChunkDraft draft() {
    return new BrokenDraft(this);
  }

  @Override
  public Result tryPublish(ChunkDraft draft) {
    ChunkDraft published = ((BrokenDraft) draft).published;
    if (published == null) {
      throw VineyardException.of(ErrorCode.INVALID, "expected a draft that is complete");
    }
    return writer.tryPublish(published);
  }

  @Override
  public void preamble(ByteBuffer bytes) {
    writer.preamble(bytes);
  }

  @Override
  public boolean hasRoom(long dataBytes) {
    return writer.hasRoom(dataBytes);
  }

  @Override
  public int roomChunks() {
    return writer.roomChunks();
  }

  @Override
  public long roomBytes() {
    return writer.roomBytes();
  }

  @Override
  public void onRoom(Runnable listener) {
    writer.onRoom(listener);
  }

  @Override
  public void finish() {
    writer.finish();
  }

  @Override
  public void fail(ErrorCode code, String message) {
    writer.fail(code, message);
  }

  @Override
  public @Nullable VineyardException failure() {
    return writer.failure();
  }

  @Override
  public long outstandingChunks() {
    return writer.outstandingChunks();
  }

  @Override
  public Mono<Void> onDrained() {
    return writer.onDrained();
  }

  @Override
  public void close() {
    writer.close();
  }
}
