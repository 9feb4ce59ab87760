package io.vineyard.http;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** How the near side tells an error: the number of its code, a space, and its text. */
final class LinkFailure {
  /** The header, of a response that is refused, and the trailer, of one that ends with an error. */
  static final String HEADER = "Vineyard-Error";

  private static final int MOST_CHARS = 1000;

  private LinkFailure() {}

  static void set(HttpHeaders headers, Throwable error) {
    ErrorCode code = error instanceof VineyardException typed ? typed.code() : ErrorCode.UNKNOWN;
    String text = String.valueOf(error.getMessage());
    String cut = text.length() > MOST_CHARS ? text.substring(0, MOST_CHARS) + "..." : text;
    headers.set(HEADER, code.number() + " " + URLEncoder.encode(cut, StandardCharsets.UTF_8));
  }

  /** Returns what went wrong at the other side, null if nothing did. */
  static @Nullable VineyardException of(HttpHeaders headers, String link) {
    String value = headers.get(HEADER);
    if (value == null) {
      return null;
    }
    int space = value.indexOf(' ');
    try {
      ErrorCode code = ErrorCode.of(Integer.parseInt(value, 0, space, 10));
      String text = URLDecoder.decode(value.substring(space + 1), StandardCharsets.UTF_8);
      // here no store is lost
      ErrorCode here = code == ErrorCode.STORE_LOST ? ErrorCode.CONNECTION_ERROR : code;
      return VineyardException.of(here, link + ": " + text);
    } catch (IllegalArgumentException | IndexOutOfBoundsException illegal) {
      return VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          link + ": expected a code and a text in " + HEADER + ", got " + value,
          illegal);
    }
  }

  /** Returns whether the other side has lost its store. */
  static boolean isStoreLost(HttpHeaders headers) {
    String value = headers.get(HEADER);
    return value != null && value.startsWith(ErrorCode.STORE_LOST.number() + " ");
  }

  static HttpResponseStatus status(VineyardException error) {
    return switch (error.code()) {
      case OBJECT_NOT_EXISTS, STREAM_DRAINED, STREAM_DROPPED -> HttpResponseStatus.NOT_FOUND;
      case STREAM_OPENED, INVALID_STREAM_STATE -> HttpResponseStatus.CONFLICT;
      case OBJECT_TYPE_ERROR, INVALID -> HttpResponseStatus.BAD_REQUEST;
      case UNSUPPORTED -> HttpResponseStatus.NOT_IMPLEMENTED;
      default -> HttpResponseStatus.SERVICE_UNAVAILABLE;
    };
  }
}
