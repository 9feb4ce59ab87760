package io.vineyard.spring;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.vineyard.http.BatchBodyEncoder;
import io.vineyard.http.BodyFormat;
import io.vineyard.store.arrow.RecordBatch;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.core.ResolvableType;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.NettyDataBufferFactory;
import org.springframework.http.MediaType;
import org.springframework.http.codec.HttpMessageEncoder;
import org.springframework.util.MimeType;
import org.springframework.web.server.NotAcceptableStatusException;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Writes batches as Arrow, JSON, lines of JSON, CSV or server-sent events, as a client accepts it;
 * see {@link BodyFormat}.
 *
 * <p>Written as they come: on Netty the first bytes leave with the first batch, and an Arrow body
 * is sent from where the batches lie; other servers get copies, and send when they see fit. A batch
 * belongs to the encoder from its arrival on.
 */
public final class RecordBatchEncoder implements HttpMessageEncoder<RecordBatch> {
  private static final List<MimeType> MEDIA_TYPES =
      Arrays.stream(BodyFormat.values())
          .map(format -> (MimeType) MediaType.parseMediaType(format.mediaType()))
          .toList();
  private static final String CODECS = "codecs";
  private static final String JSON_SUFFIX = "+json";
  private static final Map<String, CodecType> CODECS_BY_NAME =
      Map.of("zstd", CodecType.ZSTD); // the LZ4 that there is takes seconds for a batch

  private final BatchBodyEncoder bodies;

  /**
   * Makes an encoder.
   *
   * @param bodies how bodies are written; their form and compression are those of the media type
   */
  public RecordBatchEncoder(BatchBodyEncoder bodies) {
    this.bodies = Objects.requireNonNull(bodies, "bodies");
  }

  /**
   * Returns whether it is a batch. What can't be written as one of these media types, in UTF-8 and
   * with a codec that is known, is refused when it comes to that: other encoders would write the
   * properties of the object.
   */
  @Override
  public boolean canEncode(ResolvableType elementType, @Nullable MimeType mimeType) {
    return RecordBatch.class == elementType.toClass();
  }

  private static @Nullable BodyFormat format(MimeType mimeType) {
    if (mimeType.getSubtype().endsWith(JSON_SUFFIX)) {
      return BodyFormat.JSON;
    }
    return Arrays.stream(BodyFormat.values())
        .filter(format -> MimeType.valueOf(format.mediaType()).isCompatibleWith(mimeType))
        .findFirst()
        .orElse(null);
  }

  /** Returns the first codec that is accepted; null if none is known. */
  private static @Nullable CodecType codec(MimeType mimeType) {
    String codecs = mimeType.getParameter(CODECS);
    if (codecs == null) {
      return CodecType.NO_COMPRESSION;
    }
    for (String name : codecs.replace("\"", "").toLowerCase(Locale.ROOT).split("[ ,]+", -1)) {
      CodecType known = CODECS_BY_NAME.get(name);
      if (known != null) {
        return known;
      }
    }
    return null;
  }

  @Override
  public List<MimeType> getEncodableMimeTypes() {
    return MEDIA_TYPES;
  }

  /** Returns none: Netty sends what it is given without being told to. */
  @Override
  public List<MediaType> getStreamingMediaTypes() {
    return List.of();
  }

  @Override
  public Flux<DataBuffer> encode(
      Publisher<? extends RecordBatch> batches,
      DataBufferFactory buffers,
      ResolvableType elementType,
      @Nullable MimeType mimeType,
      @Nullable Map<String, Object> hints) {
    BatchBodyEncoder encoder;
    try {
      encoder = encoder(mimeType);
    } catch (NotAcceptableStatusException refused) {
      return Flux.error(refused);
    }
    if (batches instanceof Mono) {
      // one batch is sent as one buffer, with its length
      Flux<DataBuffer> parts = encode(batches, buffers, encoder.mostInFlight(Long.MAX_VALUE));
      return DataBufferUtils.join(parts).flux();
    }
    return encode(batches, buffers, encoder);
  }

  private static Flux<DataBuffer> encode(
      Publisher<? extends RecordBatch> batches,
      DataBufferFactory buffers,
      BatchBodyEncoder encoder) {
    if (buffers instanceof NettyDataBufferFactory netty) {
      return encoder
          .encode(batches, netty.getByteBufAllocator())
          .<DataBuffer>map(netty::wrap)
          .doOnDiscard(DataBuffer.class, DataBufferUtils::release);
    }
    ByteBufAllocator allocator = UnpooledByteBufAllocator.DEFAULT;
    return encoder
        .encode(batches, allocator)
        .map(buffer -> copy(buffer, buffers))
        .doOnDiscard(DataBuffer.class, DataBufferUtils::release);
  }

  private static DataBuffer copy(ByteBuf buffer, DataBufferFactory buffers) {
    try {
      DataBuffer copy = buffers.allocateBuffer(buffer.readableBytes());
      return copy.write(buffer.nioBuffers());
    } finally {
      buffer.release();
    }
  }

  @Override
  public DataBuffer encodeValue(
      RecordBatch batch,
      DataBufferFactory buffers,
      ResolvableType valueType,
      @Nullable MimeType mimeType,
      @Nullable Map<String, Object> hints) {
    Flux<DataBuffer> parts =
        encode(Flux.just(batch), buffers, encoder(mimeType).mostInFlight(Long.MAX_VALUE));
    // what is at hand is encoded at once, without a wait
    CompletableFuture<DataBuffer> whole = DataBufferUtils.join(parts).toFuture();
    try {
      DataBuffer encoded = whole.getNow(null);
      return encoded == null ? buffers.allocateBuffer(0) : encoded;
    } catch (CompletionException failed) {
      throw Exceptions.propagate(Objects.requireNonNull(failed.getCause()));
    }
  }

  private BatchBodyEncoder encoder(@Nullable MimeType mimeType) {
    MimeType wanted = mimeType == null ? VineyardMediaTypes.ARROW_STREAM : mimeType;
    BodyFormat format = format(wanted);
    CodecType codec = codec(wanted);
    Charset charset = wanted.getCharset();
    boolean isUtf8 = charset == null || charset.equals(StandardCharsets.UTF_8);
    if (format == null || codec == null || !isUtf8) {
      throw new NotAcceptableStatusException(
          MEDIA_TYPES.stream().map(MediaType::asMediaType).toList());
    }
    return bodies.format(format).compression(codec);
  }
}
