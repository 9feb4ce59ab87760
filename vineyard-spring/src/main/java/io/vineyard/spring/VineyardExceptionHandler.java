package io.vineyard.spring;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.vineyard.store.VineyardException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.Ordered;
import org.springframework.core.codec.DecodingException;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ContentTooLargeException;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.ServerWebInputException;
import org.springframework.web.server.WebExceptionHandler;
import reactor.core.publisher.Mono;

/**
 * Answers a request that failed because of a store, a stream or a body of batches with the status
 * that belongs to it, and a problem (RFC 9457) that says what was expected and what came.
 *
 * <table>
 * <caption>Statuses</caption>
 * <tr><th>error</th><th>status</th></tr>
 * <tr><td>a body that is no Arrow stream, or is cut off; an argument that is wrong</td>
 *     <td>400</td></tr>
 * <tr><td>a batch that is too large</td><td>413</td></tr>
 * <tr><td>no such object or stream, or one that is over</td><td>404</td></tr>
 * <tr><td>a stream that is in use or has ended, a name that is taken</td><td>409</td></tr>
 * <tr><td>a batch whose schema is not the stream's</td><td>422</td></tr>
 * <tr><td>a store that can't be reached, is lost, or is full</td><td>503</td></tr>
 * <tr><td>a writer that was lost, or failed its stream</td><td>502</td></tr>
 * <tr><td>any other</td><td>500</td></tr>
 * </table>
 *
 * <p>What is wrong here and not with the request is logged, and not told in detail. A {@link
 * ResponseStatusException} of the application is left alone, and so is what comes after the first
 * bytes of a response, which is then cut off.
 */
public final class VineyardExceptionHandler implements WebExceptionHandler, Ordered {
  /** Before Spring Boot's own, which is at -1. */
  private static final int ORDER = -2;

  private static final int MOST_CAUSES = 16;
  private static final Logger log = LoggerFactory.getLogger(VineyardExceptionHandler.class);

  /** Makes a handler. */
  public VineyardExceptionHandler() {}

  @Override
  public int getOrder() {
    return ORDER;
  }

  @Override
  public Mono<Void> handle(ServerWebExchange exchange, Throwable failure) {
    VineyardException fault = faultOf(failure);
    ServerHttpResponse response = exchange.getResponse();
    boolean isOfUser =
        failure instanceof ResponseStatusException
            && !(failure instanceof ServerWebInputException)
            && !(failure instanceof ContentTooLargeException);
    if (fault == null || isOfUser || response.isCommitted()) {
      return Mono.error(failure);
    }
    HttpStatusCode status = status(failure, fault);
    if (status.is5xxServerError()) {
      ServerHttpRequest request = exchange.getRequest();
      log.warn("{} {}: {}", request.getMethod(), request.getPath(), fault.toString());
    }
    response.setStatusCode(status);
    response.getHeaders().setContentType(MediaType.APPLICATION_PROBLEM_JSON);
    byte[] problem = problem(status, fault).getBytes(StandardCharsets.UTF_8);
    DataBuffer body = response.bufferFactory().wrap(problem);
    return response.writeWith(Mono.just(body));
  }

  private static @Nullable VineyardException faultOf(Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < MOST_CAUSES; depth++) {
      if (cause instanceof VineyardException fault) {
        return fault;
      }
      cause = cause.getCause();
    }
    return null;
  }

  private static HttpStatusCode status(Throwable failure, VineyardException fault) {
    if (failure instanceof ResponseStatusException known) {
      return known.getStatusCode();
    } else if (failure instanceof DecodingException) {
      return HttpStatus.BAD_REQUEST;
    } else if (failure instanceof DataBufferLimitException) {
      return HttpStatus.CONTENT_TOO_LARGE;
    }
    return switch (fault.code()) {
      case OBJECT_NOT_EXISTS, STREAM_DRAINED -> HttpStatus.NOT_FOUND;
      case STREAM_OPENED, OBJECT_EXISTS, INVALID_STREAM_STATE -> HttpStatus.CONFLICT;
      case CONNECTION_FAILED,
          CONNECTION_ERROR,
          STORE_LOST,
          NOT_ENOUGH_MEMORY,
          LIMIT_REACHED,
          TIMEOUT,
          SERVER_NOT_READY ->
          HttpStatus.SERVICE_UNAVAILABLE;
      case WRITER_LOST, STREAM_FAILED, STREAM_DROPPED -> HttpStatus.BAD_GATEWAY;
      case INVALID -> HttpStatus.BAD_REQUEST;
      case SCHEMA_MISMATCH -> HttpStatus.UNPROCESSABLE_CONTENT;
      default -> HttpStatus.INTERNAL_SERVER_ERROR;
    };
  }

  private static String problem(HttpStatusCode status, VineyardException fault) {
    HttpStatus known = HttpStatus.resolve(status.value());
    return "{\"title\":%s,\"status\":%d,\"detail\":%s,\"code\":\"%s\"}"
        .formatted(
            quoted(known == null ? "Error" : known.getReasonPhrase()),
            status.value(),
            quoted(
                status.is5xxServerError()
                    ? "the store or the stream could not be used"
                    : String.valueOf(fault.getMessage())),
            fault.code());
  }

  private static String quoted(String text) {
    return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
  }
}
