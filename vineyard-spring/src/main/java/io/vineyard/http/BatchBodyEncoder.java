package io.vineyard.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.RecordBatch;
import java.util.Objects;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/**
 * Turns batches into the body of an HTTP message, as they come.
 *
 * <p>Immutable; each setter returns a copy. An Arrow body is sent from where the batches lie: in
 * buffers of at most 128 KiB over their memory, which is given back when all buffers of a batch are
 * released, that is, when they have been sent or the connection is gone. Texts are made in buffers
 * of 32 KiB, or of one row if that is larger.
 *
 * <p>Memory is bounded whatever the pace of who receives: new batches are requested as those before
 * have been sent, so that demand follows the connection. Whoever collects all buffers before
 * releasing any must therefore set {@link #mostInFlight} to more than the body has, and whoever
 * keeps some while it waits for more, to more than twice what it keeps.
 */
public final class BatchBodyEncoder {
  /** How many bytes may be on their way unless told otherwise: 1 MiB. */
  public static final long DEFAULT_MOST_IN_FLIGHT_BYTES = 1L << 20;

  private static final BatchBodyEncoder DEFAULT =
      new BatchBodyEncoder(
          BodyFormat.ARROW, CodecType.NO_COMPRESSION, DEFAULT_MOST_IN_FLIGHT_BYTES);

  private final BodyFormat format;
  private final CodecType compression;
  private final long mostInFlightBytes;

  private BatchBodyEncoder(BodyFormat format, CodecType compression, long mostInFlightBytes) {
    this.format = format;
    this.compression = compression;
    this.mostInFlightBytes = mostInFlightBytes;
  }

  /** Begins with the defaults: an Arrow stream that is not compressed. */
  public static BatchBodyEncoder create() {
    return DEFAULT;
  }

  /** Sets the form of the body. */
  public BatchBodyEncoder format(BodyFormat value) {
    return new BatchBodyEncoder(
        Objects.requireNonNull(value, "format"), compression, mostInFlightBytes);
  }

  /**
   * Sets how the buffers of an Arrow stream are compressed; other forms are not. LZ4 takes seconds
   * for a batch.
   */
  public BatchBodyEncoder compression(CodecType codec) {
    return new BatchBodyEncoder(format, Objects.requireNonNull(codec, "codec"), mostInFlightBytes);
  }

  /**
   * Sets how many bytes may have been emitted and not yet released before the next batch is; one
   * batch that is larger passes alone.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} below 1
   */
  public BatchBodyEncoder mostInFlight(long bytes) {
    if (bytes < 1) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected at least 1 byte in flight, got " + bytes);
    }
    return new BatchBodyEncoder(format, compression, bytes);
  }

  /**
   * Encodes batches, which belong to the result from their arrival on.
   *
   * <p>Lazy. The first buffer comes with the first batch. Buffers belong to the subscriber, who
   * releases them. Cancelling cancels the batches. Fails as the batches do, which leaves the body
   * cut off, or with {@link ErrorCode#SCHEMA_MISMATCH} if batches have different schemas.
   *
   * @param batches for example the {@code reader()} of a stream
   * @param allocator for text, metadata and small buffers; stays the caller's
   */
  public Flux<ByteBuf> encode(
      Publisher<? extends RecordBatch> batches, ByteBufAllocator allocator) {
    Objects.requireNonNull(batches, "batches");
    Objects.requireNonNull(allocator, "allocator");
    return BodyEncoding.of(batches, this, allocator);
  }

  CodecType compression() {
    return compression;
  }

  long mostInFlightBytes() {
    return mostInFlightBytes;
  }

  BodyWriter writer() {
    return format.writer(this);
  }
}
