package io.vineyard.spring;

import io.vineyard.store.arrow.RecordBatch;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.core.ResolvableType;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.http.codec.EncoderHttpMessageWriter;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import reactor.core.publisher.Mono;

/** Writes batches to responses; whoever asks for the headers alone takes nothing of a stream. */
final class RecordBatchWriter extends EncoderHttpMessageWriter<RecordBatch> {
  RecordBatchWriter(RecordBatchEncoder encoder) {
    super(encoder);
  }

  @Override
  public Mono<Void> write(
      Publisher<? extends RecordBatch> batches,
      ResolvableType actualType,
      ResolvableType elementType,
      @Nullable MediaType mediaType,
      ServerHttpRequest request,
      ServerHttpResponse response,
      Map<String, Object> hints) {
    if (!request.getMethod().equals(HttpMethod.HEAD)) {
      return super.write(batches, actualType, elementType, mediaType, request, response, hints);
    }
    if (mediaType != null && response.getHeaders().getContentType() == null) {
      response.getHeaders().setContentType(mediaType);
    }
    return response.setComplete();
  }
}
