package io.vineyard.spring;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vineyard.http.BatchBodyDecoder;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.RecordBatch;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.core.ResolvableType;
import org.springframework.core.codec.Decoder;
import org.springframework.core.codec.DecodingException;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.NettyDataBuffer;
import org.springframework.util.MimeType;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Reads batches out of Arrow streams, as they arrive; the subscriber closes each. A request whose
 * batches a writer {@linkplain io.vineyard.reactive.StreamWriter#write writes} is read into the
 * memory of the store.
 *
 * <p>Fails with a {@link DecodingException} if the bytes are no legal stream, or are cut off, which
 * a server answers with 400; with a {@link DataBufferLimitException} if a batch is larger than it
 * may be, which a server answers with 413. The cause is a {@link VineyardException}.
 */
public final class RecordBatchDecoder implements Decoder<RecordBatch> {
  private final BatchBodyDecoder bodies;

  /**
   * Makes a decoder.
   *
   * @param bodies how bodies are read
   */
  public RecordBatchDecoder(BatchBodyDecoder bodies) {
    this.bodies = Objects.requireNonNull(bodies, "bodies");
  }

  @Override
  public boolean canDecode(ResolvableType elementType, @Nullable MimeType mimeType) {
    return RecordBatch.class == elementType.toClass()
        && (mimeType == null || VineyardMediaTypes.ARROW_STREAM.isCompatibleWith(mimeType));
  }

  @Override
  public List<MimeType> getDecodableMimeTypes() {
    return List.of(VineyardMediaTypes.ARROW_STREAM);
  }

  @Override
  public Flux<RecordBatch> decode(
      Publisher<DataBuffer> body,
      ResolvableType elementType,
      @Nullable MimeType mimeType,
      @Nullable Map<String, Object> hints) {
    return bodies
        .decode(Flux.from(body).map(RecordBatchDecoder::toByteBuf))
        .onErrorMap(VineyardException.class, RecordBatchDecoder::translated);
  }

  private static ByteBuf toByteBuf(DataBuffer buffer) {
    if (buffer instanceof NettyDataBuffer netty) {
      return netty.getNativeBuffer();
    }
    ByteBuf copy = Unpooled.buffer(buffer.readableByteCount());
    try (DataBuffer.ByteBufferIterator parts = buffer.readableByteBuffers()) {
      parts.forEachRemaining(copy::writeBytes);
    } finally {
      DataBufferUtils.release(buffer);
    }
    return copy;
  }

  private static Throwable translated(VineyardException fault) {
    String message = String.valueOf(fault.getMessage());
    if (fault.code() == ErrorCode.LIMIT_REACHED) {
      DataBufferLimitException tooLarge = new DataBufferLimitException(message);
      tooLarge.initCause(fault);
      return tooLarge;
    }
    boolean isOfTheBody =
        fault.code() == ErrorCode.ARROW_ERROR
            || fault.code() == ErrorCode.END_OF_FILE
            || fault.code() == ErrorCode.UNSUPPORTED;
    return isOfTheBody ? new DecodingException(message, fault) : fault;
  }

  /** Reads the one batch that a body has; further ones are an error. */
  @Override
  public Mono<RecordBatch> decodeToMono(
      Publisher<DataBuffer> body,
      ResolvableType elementType,
      @Nullable MimeType mimeType,
      @Nullable Map<String, Object> hints) {
    return decode(body, elementType, mimeType, hints)
        .take(2)
        .collectList()
        .flatMap(RecordBatchDecoder::single)
        .doOnDiscard(RecordBatch.class, RecordBatch::close);
  }

  private static Mono<RecordBatch> single(List<RecordBatch> batches) {
    if (batches.size() > 1) {
      batches.forEach(RecordBatch::close);
      return Mono.error(new DecodingException("expected a body of one batch, got more"));
    }
    return Mono.justOrEmpty(batches.stream().findFirst());
  }

  @Override
  public @Nullable RecordBatch decode(
      DataBuffer buffer,
      ResolvableType targetType,
      @Nullable MimeType mimeType,
      @Nullable Map<String, Object> hints) {
    // what is at hand is decoded at once, without a wait
    try {
      return decodeToMono(Mono.just(buffer), targetType, mimeType, hints).toFuture().getNow(null);
    } catch (CompletionException failed) {
      throw Exceptions.propagate(Objects.requireNonNull(failed.getCause()));
    }
  }
}
