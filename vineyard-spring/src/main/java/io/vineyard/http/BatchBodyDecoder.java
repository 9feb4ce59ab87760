package io.vineyard.http;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.ArrowStreamDecoder;
import io.vineyard.store.arrow.RecordBatch;
import java.util.Objects;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SynchronousSink;

/**
 * Reads batches out of the body of an HTTP message, an Arrow IPC stream, as it arrives.
 *
 * <p>Immutable; each setter returns a copy. The bytes of a batch are copied once: into memory of
 * the {@link #allocator}, or of the writer that {@linkplain io.vineyard.reactive.StreamWriter#write
 * writes} the batches, or else into ordinary memory.
 */
public final class BatchBodyDecoder {
  private static final BufferAllocator ORDINARY = new RootAllocator();
  private static final BatchBodyDecoder DEFAULT =
      new BatchBodyDecoder(ArrowStreamDecoder.DEFAULT_MOST_BATCH_BYTES, null);

  private final long mostBatchBytes;
  private final @Nullable BufferAllocator allocator;

  private BatchBodyDecoder(long mostBatchBytes, @Nullable BufferAllocator allocator) {
    this.mostBatchBytes = mostBatchBytes;
    this.allocator = allocator;
  }

  /** Begins with the defaults: batches of at most 64 MiB. */
  public static BatchBodyDecoder create() {
    return DEFAULT;
  }

  /**
   * Sets how large a batch may be, decompressed, and all dictionaries together.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} below 1
   */
  public BatchBodyDecoder mostBatchBytes(long bytes) {
    if (bytes < 1) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected batches of at least 1 byte, got " + bytes);
    }
    return new BatchBodyDecoder(bytes, allocator);
  }

  /** Sets where the batches lie; stays the caller's. */
  public BatchBodyDecoder allocator(BufferAllocator memory) {
    return new BatchBodyDecoder(mostBatchBytes, Objects.requireNonNull(memory, "memory"));
  }

  /**
   * Reads batches, which belong to the subscriber, who closes each.
   *
   * <p>Lazy, and for one subscriber. Takes the buffers over, and requests them as batches are
   * requested. Fails with {@link ErrorCode#ARROW_ERROR} if the bytes are no legal Arrow stream,
   * {@link ErrorCode#END_OF_FILE} if they are cut off, {@link ErrorCode#LIMIT_REACHED} if a batch
   * is too large, {@link ErrorCode#UNSUPPORTED} if they are big-endian.
   *
   * @param body for example {@code request.receive().retain()}
   */
  public Flux<RecordBatch> decode(Publisher<? extends ByteBuf> body) {
    Objects.requireNonNull(body, "body");
    return Flux.deferContextual(
        context -> {
          BufferAllocator memory =
              allocator == null ? context.getOrDefault(BufferAllocator.class, ORDINARY) : allocator;
          Decoding decoding =
              new Decoding(
                  ArrowStreamDecoder.create(Objects.requireNonNull(memory), mostBatchBytes));
          return Flux.from(body)
              .concatMap(decoding::batches, 1)
              .concatWith(Mono.fromRunnable(decoding::end))
              .doFinally(signal -> decoding.close())
              .doOnDiscard(ByteBuf.class, ReferenceCountUtil::safeRelease);
        });
  }

  /** A body that is being read; closed by whichever thread cancels. */
  private static final class Decoding implements AutoCloseable {
    private final ArrowStreamDecoder decoder;
    private boolean closed;

    Decoding(ArrowStreamDecoder decoder) {
      this.decoder = decoder;
    }

    Flux<RecordBatch> batches(ByteBuf piece) {
      return Flux.generate(
          () -> piece,
          (ByteBuf rest, SynchronousSink<RecordBatch> sink) -> {
            RecordBatch batch = next(rest);
            if (batch == null) {
              sink.complete();
            } else {
              sink.next(batch);
            }
            return rest;
          },
          ReferenceCountUtil::safeRelease);
    }

    private synchronized @Nullable RecordBatch next(ByteBuf rest) {
      RecordBatch batch = null;
      while (!closed && batch == null && rest.isReadable()) {
        // a composite buffer has its bytes in several places
        var bytes = rest.nioBufferCount() == 1 ? rest.nioBuffer() : rest.nioBuffers()[0];
        int before = bytes.remaining();
        batch = decoder.next(bytes);
        rest.skipBytes(before - bytes.remaining());
      }
      return batch;
    }

    synchronized void end() {
      if (!closed) {
        decoder.end();
      }
    }

    @Override
    public synchronized void close() {
      closed = true;
      decoder.close();
    }
  }
}
