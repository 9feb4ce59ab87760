package io.vineyard.store.client.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.protocol.json.ServerFields;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Streams as objects of a Vineyard server.
 *
 * <p>What a server does not know of streams is kept where it can be: the window among the
 * parameters, and how a stream has ended in labels.
 */
final class StreamMeta {
  private static final String PARAMETERS = "params_";
  private static final String WINDOW_CHUNKS = "window_chunks";
  private static final String WINDOW_BYTES = "window_bytes";
  private static final String END = "stream_end";
  private static final String FINISHED = "finished";
  private static final String MESSAGE = "stream_error";

  private StreamMeta() {}

  /** Returns the metadata of a new stream. */
  static ObjectMeta of(StreamSpec spec) {
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put(WINDOW_CHUNKS, String.valueOf(spec.windowChunks()));
    parameters.put(WINDOW_BYTES, String.valueOf(spec.windowBytes()));
    return ObjectMeta.builder(spec.typeName())
        .field(PARAMETERS, ServerFields.json(parameters))
        .build();
  }

  static boolean isStream(ObjectMeta meta) {
    return meta.fields().get(PARAMETERS) instanceof String;
  }

  /**
   * Returns what is known of a stream.
   *
   * @param meta as the server has it
   */
  static StreamInfo info(ObjectMeta meta) {
    ObjectId id = meta.requireId();
    if (id.isBlob() || !isStream(meta)) {
      throw VineyardException.of(
          ErrorCode.OBJECT_TYPE_ERROR, "expected a stream, got " + meta.typeName() + " " + id);
    }
    Map<String, String> labels = ServerFields.labels(meta);
    String end = labels.get(END);
    StreamInfo.State state =
        end == null
            ? StreamInfo.State.OPEN
            : end.equals(FINISHED) ? StreamInfo.State.FINISHED : StreamInfo.State.FAILED;
    return info(id, spec(meta), state);
  }

  static StreamInfo info(ObjectId id, StreamSpec spec, StreamInfo.State state) {
    return new StreamInfo(id, spec, state, 0, 0, 0, 0, 0, false, false);
  }

  private static StreamSpec spec(ObjectMeta meta) {
    StreamSpec spec = StreamSpec.create().typeName(meta.typeName());
    String name = ServerFields.name(meta);
    if (name != null) {
      spec = spec.name(name);
    }
    Map<String, String> parameters =
        ServerFields.texts("the parameters of a stream", meta.field(PARAMETERS, String.class));
    try {
      String chunks = parameters.get(WINDOW_CHUNKS);
      String bytes = parameters.get(WINDOW_BYTES);
      spec = chunks == null ? spec : spec.windowChunks(Integer.parseInt(chunks));
      return bytes == null ? spec : spec.windowBytes(Long.parseLong(bytes));
    } catch (NumberFormatException e) {
      throw VineyardException.of(
          ErrorCode.TYPE_ERROR, "expected a window as numbers, got " + parameters, e);
    }
  }

  /**
   * Returns the labels of a stream that has ended.
   *
   * @param failure null if it was finished
   */
  static Map<String, String> labels(@Nullable VineyardException failure) {
    return failure == null
        ? Map.of(END, FINISHED)
        : Map.of(
            END,
            String.valueOf(failure.code().number()),
            MESSAGE,
            String.valueOf(failure.getMessage()));
  }

  /** Returns whether the metadata says that the stream has failed. */
  static boolean hasFailed(ObjectMeta meta) {
    return ServerFields.labels(meta).containsKey(MESSAGE);
  }

  /** Returns why a failed stream has failed. */
  static VineyardException failure(StreamInfo stream, ObjectMeta meta) {
    Map<String, String> labels = ServerFields.labels(meta);
    String message = labels.get(MESSAGE);
    if (message == null) {
      return VineyardException.of(
          ErrorCode.STREAM_FAILED, "the writer of " + stream.describe() + " failed it");
    }
    ErrorCode code = ErrorCode.STREAM_FAILED;
    try {
      code = ErrorCode.of(Integer.parseInt(labels.getOrDefault(END, "")));
    } catch (NumberFormatException e) {
      // whoever labels it may write anything
    }
    return VineyardException.of(code, message);
  }
}
