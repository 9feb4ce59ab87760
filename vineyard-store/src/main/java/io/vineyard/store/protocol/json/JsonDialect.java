package io.vineyard.store.protocol.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.util.JsonGeneratorDelegate;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.ByteBufOutputStream;
import io.netty.buffer.ByteBufUtil;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Writes and reads the messages of Vineyard's dialect.
 *
 * <p>An instance knows on which instance of a cluster the objects are that it writes. Thread-safe.
 */
public final class JsonDialect {
  /** How many bytes the length of a message takes. */
  public static final int LENGTH_BYTES = 8;

  /** The most bytes of a message. */
  public static final int MOST_BYTES = 16 << 20;

  private static final int DEEPEST = 256;
  private static final ObjectMapper REQUESTS = reading(1 << 20);

  /** The client has asked for them, so they may be as long as they are. */
  private static final ObjectMapper REPLIES = reading(1 << 22);

  private static ObjectMapper reading(int mostTokens) {
    return new ObjectMapper(
        JsonFactory.builder()
            .disable(JsonFactory.Feature.CHARSET_DETECTION) // it is UTF-8 always
            .streamReadConstraints(
                StreamReadConstraints.builder()
                    .maxNestingDepth(DEEPEST)
                    .maxTokenCount(mostTokens)
                    .maxStringLength(MOST_BYTES)
                    .build())
            .build());
  }

  private final MetaJson metas;

  /** Makes the dialect for objects of an instance. */
  public JsonDialect(long instance) {
    this.metas = new MetaJson(instance);
  }

  /** Writes texts that may come from Java, where half a character can be one. */
  private static final class Whole extends JsonGeneratorDelegate {
    Whole(JsonGenerator out) {
      super(out, false);
    }

    @Override
    public void writeString(String text) throws IOException {
      super.writeString(Surrogates.replaced(text));
    }

    @Override
    public void writeFieldName(String name) throws IOException {
      super.writeFieldName(Surrogates.replaced(name));
    }
  }

  /** A message is written by this. */
  private interface Body {
    void write(JsonGenerator out) throws IOException;
  }

  private static void write(ByteBuf out, Body body) {
    int start = out.writerIndex();
    out.writeLongLE(0);
    try (OutputStream bytes = new ByteBufOutputStream(out);
        JsonGenerator json = new Whole(REQUESTS.createGenerator(bytes))) {
      json.writeStartObject();
      body.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a buffer in memory has no such errors
    }
    out.setLongLE(start, out.writerIndex() - start - LENGTH_BYTES);
  }

  /** Writes a request with its length. */
  public void write(Request request, ByteBuf out) {
    write(
        out,
        json -> {
          json.writeStringField("type", RequestJson.typeOf(request));
          RequestJson.write(request, metas, json);
        });
  }

  /** Writes a reply with its length. */
  public void write(Reply reply, ByteBuf out) {
    write(out, json -> ReplyJson.write(reply, metas, json));
  }

  private static JsonObject parse(ObjectMapper json, String what, ByteBuf body) {
    if (!ByteBufUtil.isText(body, StandardCharsets.UTF_8)) {
      throw invalid(what + " in UTF-8, got other bytes", null);
    }
    JsonNode tree;
    boolean mayHaveHalves = Surrogates.mayBeIn(body);
    try (InputStream bytes = new ByteBufInputStream(body);
        JsonParser parser = json.createParser(bytes)) {
      tree = json.readTree(parser);
      if (tree != null && parser.nextToken() != null) {
        throw invalid("one " + what + ", got more behind it", null);
      }
    } catch (JsonProcessingException e) {
      throw invalid(what + " in JSON, got none: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a buffer in memory has no such errors
    }
    if (tree == null || !tree.isObject()) {
      throw invalid(
          what + " as an object, got " + (tree == null ? "nothing" : JsonObject.cut(tree)), null);
    }
    if (mayHaveHalves && Surrogates.isAloneIn(tree)) {
      throw invalid(what + " in whole characters, got half of one", null);
    }
    return new JsonObject(what, tree);
  }

  private static VineyardException invalid(String expected, @Nullable Throwable cause) {
    return VineyardException.of(ErrorCode.INVALID, "expected " + expected, cause);
  }

  /**
   * Reads a request.
   *
   * @param body its bytes without the length, which are read to their end
   * @throws VineyardException if it is not one, with the code that Vineyard answers then
   */
  public Request readRequest(ByteBuf body) {
    JsonObject in = parse(REQUESTS, "a request", body);
    VineyardException error = errorIn(in);
    if (error != null) {
      throw error;
    }
    String type = in.text("type");
    return RequestJson.read(type, new JsonObject("a " + type, in.node()));
  }

  /** What has a code is an error, whoever says it. */
  private static @Nullable VineyardException errorIn(JsonObject in) {
    int code = in.number("code", 0);
    return code == 0
        ? null
        : VineyardException.of(ErrorCode.of(code), in.text("message", "code " + code));
  }

  /**
   * Reads the reply to a request.
   *
   * @param body its bytes without the length, which are read to their end
   * @throws VineyardException if the request failed, with the code and text of the server; with
   *     {@link ErrorCode#PROTOCOL_ERROR} if it is no reply to the request
   */
  public Reply readReply(Request request, ByteBuf body) {
    JsonObject in;
    VineyardException refusal;
    try {
      in = parse(REPLIES, "a reply", body);
      refusal = errorIn(in);
    } catch (VineyardException e) {
      throw noReply(e);
    }
    if (refusal != null) {
      throw refusal;
    }
    try {
      String expected = ReplyJson.typeOf(request);
      String type = in.text("type");
      if (!type.equals(expected)) {
        throw invalid("a " + expected + ", got a " + type, null);
      }
      return ReplyJson.read(request, new JsonObject("a " + type, in.node()));
    } catch (VineyardException e) {
      throw noReply(e);
    }
  }

  private static VineyardException noReply(VineyardException e) {
    return VineyardException.of(ErrorCode.PROTOCOL_ERROR, String.valueOf(e.getMessage()), e);
  }
}
