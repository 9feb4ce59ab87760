package io.vineyard.store.protocol.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Requests as JSON, both ways. */
final class RequestJson {
  /** The field by which a client says, and a server answers, that it speaks our dialect as well. */
  static final String BINARY = "vineyard_reactive";

  private static final int LEGACY_PLASMA = 2;

  private RequestJson() {}

  static Request read(String type, JsonObject in) {
    return switch (type) {
      case "register_request" ->
          new Request.Register(
              in.text("version", "0.0.0"),
              storeType(in),
              in.has("session_id") ? in.bits("session_id") : 0,
              in.number(BINARY, 0));
      case "exit_request" -> new Request.Exit();
      case "create_buffer_request" -> new Request.CreateBuffer(in.size("size"));
      case "create_buffers_request" -> new Request.CreateBuffers(in.sizes("sizes"));
      case "seal_request" -> new Request.Seal(in.id("object_id"));
      case "shrink_buffer_request" -> new Request.ShrinkBuffer(in.id("id"), in.size("size"));
      case "drop_buffer_request" -> new Request.DropBuffer(in.id("id"));
      case "get_buffers_request" ->
          new Request.GetBuffers(numberedIds(in), in.truth("unsafe", false));
      case "increase_reference_count_request" -> new Request.IncreaseReferences(in.ids("ids"));
      case "release_request" -> new Request.Release(in.id("object_id"));
      case "create_data_request" -> new Request.CreateData(MetaJson.read(content(in)));
      case "create_datas_request" -> new Request.CreateDatas(in.list("contents", MetaJson::read));
      case "get_data_request" ->
          new Request.GetData(
              in.ids("id"), in.truth("sync_remote", false), in.truth("wait", false));
      case "list_data_request" ->
          new Request.ListData(in.text("pattern"), in.truth("regex", false), in.size("limit"));
      case "del_data_request" -> delete(in, false);
      case "del_data_with_feedbacks_request" -> delete(in, true);
      case "exists_request" -> new Request.Exists(in.id("id"));
      case "persist_request" -> new Request.Persist(in.id("id"));
      case "if_persist_request" -> new Request.IfPersist(in.id("id"));
      case "label_request" -> label(in);
      case "clear_request" -> new Request.Clear();
      case "memory_trim_request" -> new Request.MemoryTrim();
      case "put_name_request" -> new Request.PutName(in.id("object_id"), in.text("name"));
      case "get_name_request" -> new Request.GetName(in.text("name"), in.truth("wait", false));
      case "list_name_request" ->
          new Request.ListName(in.text("pattern"), in.truth("regex", false), in.size("limit"));
      case "drop_name_request" -> new Request.DropName(in.text("name"));
      case "create_stream_request" -> new Request.CreateStream(in.id("object_id"));
      case "open_stream_request" -> new Request.OpenStream(in.id("object_id"), in.number("mode"));
      case "get_next_stream_chunk_request" -> new Request.NextChunk(in.id("id"), in.size("size"));
      case "push_next_stream_chunk_request" -> new Request.PushChunk(in.id("id"), in.id("chunk"));
      case "pull_next_stream_chunk_request" -> new Request.PullChunk(in.id("id"));
      case "stop_stream_request" -> new Request.StopStream(in.id("id"), in.truth("failed"));
      case "drop_stream_request" -> new Request.DropStream(in.id("id"));
      case "cluster_meta" -> new Request.ClusterMeta();
      case "instance_status_request" -> new Request.InstanceStatus();
      case "migrate_object_request" -> new Request.Migrate(in.id("object_id"));
      case "shallow_copy_request" -> new Request.ShallowCopy(in.id("id"), extra(in));
      case "is_in_use_request" -> new Request.IsInUse(in.id("id"));
      case "is_spilled_request" -> new Request.IsSpilled(in.id("id"));
      default -> new Request.Other(type);
    };
  }

  private static int storeType(JsonObject in) {
    if (in.has("store_type") && in.node().get("store_type").isTextual()) {
      return in.text("store_type").equals("Plasma") ? LEGACY_PLASMA : 1;
    }
    return in.number("store_type", 1);
  }

  /** The ids are in an array, or under the keys "0", "1" and so on. */
  private static List<ObjectId> numberedIds(JsonObject in) {
    if (in.has("ids")) {
      return in.ids("ids");
    }
    long count = in.size("num");
    if (count > in.node().size()) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected " + count + " ids in " + in.what() + ", got " + in.node().size() + " fields");
    }
    List<ObjectId> ids = new ArrayList<>((int) count);
    for (int i = 0; i < count; i++) {
      ids.add(in.id(String.valueOf(i)));
    }
    return ids;
  }

  private static JsonNode content(JsonObject in) {
    return in.object("content").node();
  }

  private static Request delete(JsonObject in, boolean feedback) {
    return new Request.DeleteData(
        in.ids("id"),
        in.truth("force", false),
        in.truth("deep", false),
        in.truth("memory_trim", false),
        feedback);
  }

  private static Request label(JsonObject in) {
    List<String> keys = in.texts("keys");
    List<String> values = in.texts("values");
    if (keys.size() != values.size()) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a value for each of " + keys.size() + " labels, got " + values.size());
    }
    Map<String, String> labels = new LinkedHashMap<>();
    for (int i = 0; i < keys.size(); i++) {
      labels.put(keys.get(i), values.get(i));
    }
    return new Request.Label(in.id("id"), labels);
  }

  private static ObjectMeta extra(JsonObject in) {
    return in.has("extra")
        ? MetaJson.readFields(in.object("extra").node())
        : ObjectMeta.builder("").build();
  }

  static String typeOf(Request request) {
    if (request instanceof Request.Other other) {
      return other.type();
    }
    if (request instanceof Request.DeleteData one && one.feedback()) {
      return "del_data_with_feedbacks_request";
    }
    return typeOf(request.getClass()) + (request instanceof Request.ClusterMeta ? "" : "_request");
  }

  /** Returns what the names of a request and its reply begin with. */
  static String typeOf(Class<? extends Request> request) {
    String type = Names.OF.get(request);
    if (type == null) {
      throw new IllegalArgumentException("no name of " + request);
    }
    return type;
  }

  /** The names of requests. */
  private static final class Names {
    static final Map<Class<? extends Request>, String> OF =
        Map.ofEntries(
            Map.entry(Request.Register.class, "register"),
            Map.entry(Request.Exit.class, "exit"),
            Map.entry(Request.CreateBuffer.class, "create_buffer"),
            Map.entry(Request.CreateBuffers.class, "create_buffers"),
            Map.entry(Request.Seal.class, "seal"),
            Map.entry(Request.ShrinkBuffer.class, "shrink_buffer"),
            Map.entry(Request.DropBuffer.class, "drop_buffer"),
            Map.entry(Request.GetBuffers.class, "get_buffers"),
            Map.entry(Request.IncreaseReferences.class, "increase_reference_count"),
            Map.entry(Request.Release.class, "release"),
            Map.entry(Request.CreateData.class, "create_data"),
            Map.entry(Request.CreateDatas.class, "create_datas"),
            Map.entry(Request.GetData.class, "get_data"),
            Map.entry(Request.ListData.class, "list_data"),
            Map.entry(Request.DeleteData.class, "del_data"),
            Map.entry(Request.Exists.class, "exists"),
            Map.entry(Request.Persist.class, "persist"),
            Map.entry(Request.IfPersist.class, "if_persist"),
            Map.entry(Request.Label.class, "label"),
            Map.entry(Request.Clear.class, "clear"),
            Map.entry(Request.MemoryTrim.class, "memory_trim"),
            Map.entry(Request.PutName.class, "put_name"),
            Map.entry(Request.GetName.class, "get_name"),
            Map.entry(Request.ListName.class, "list_name"),
            Map.entry(Request.DropName.class, "drop_name"),
            Map.entry(Request.CreateStream.class, "create_stream"),
            Map.entry(Request.OpenStream.class, "open_stream"),
            Map.entry(Request.NextChunk.class, "get_next_stream_chunk"),
            Map.entry(Request.PushChunk.class, "push_next_stream_chunk"),
            Map.entry(Request.PullChunk.class, "pull_next_stream_chunk"),
            Map.entry(Request.StopStream.class, "stop_stream"),
            Map.entry(Request.DropStream.class, "drop_stream"),
            Map.entry(Request.ClusterMeta.class, "cluster_meta"),
            Map.entry(Request.InstanceStatus.class, "instance_status"),
            Map.entry(Request.Migrate.class, "migrate_object"),
            Map.entry(Request.ShallowCopy.class, "shallow_copy"),
            Map.entry(Request.IsInUse.class, "is_in_use"),
            Map.entry(Request.IsSpilled.class, "is_spilled"));
  }

  static void write(Request request, MetaJson metas, JsonGenerator out) throws IOException {
    if (request instanceof Request.Register one) {
      out.writeStringField("version", one.version());
      out.writeNumberField("store_type", one.storeType());
      out.writeNumberField("session_id", one.session());
      out.writeStringField("username", "");
      out.writeStringField("password", "");
      if (one.binaryVersion() > 0) {
        out.writeNumberField(BINARY, one.binaryVersion());
      }
    } else if (request instanceof Request.CreateBuffer one) {
      out.writeNumberField("size", one.sizeBytes());
    } else if (request instanceof Request.CreateBuffers one) {
      out.writeNumberField("num", one.sizes().size());
      out.writeArrayFieldStart("sizes");
      for (long size : one.sizes()) {
        out.writeNumber(size);
      }
      out.writeEndArray();
    } else if (request instanceof Request.Seal one) {
      id("object_id", one.blob(), out);
    } else if (request instanceof Request.ShrinkBuffer one) {
      id("id", one.blob(), out);
      out.writeNumberField("size", one.sizeBytes());
    } else if (request instanceof Request.DropBuffer one) {
      id("id", one.blob(), out);
    } else if (request instanceof Request.GetBuffers one) {
      for (int i = 0; i < one.blobs().size(); i++) {
        id(String.valueOf(i), one.blobs().get(i), out);
      }
      out.writeNumberField("num", one.blobs().size());
      out.writeBooleanField("unsafe", one.mayBeUnsealed());
    } else if (request instanceof Request.IncreaseReferences one) {
      ids("ids", one.blobs(), out);
    } else if (request instanceof Request.Release one) {
      id("object_id", one.blob(), out);
    } else {
      writeMore(request, metas, out);
    }
  }

  private static void writeMore(Request request, MetaJson metas, JsonGenerator out)
      throws IOException {
    if (request instanceof Request.CreateData one) {
      out.writeFieldName("content");
      metas.write(one.content(), out);
    } else if (request instanceof Request.CreateDatas one) {
      out.writeNumberField("num", one.contents().size());
      out.writeArrayFieldStart("contents");
      for (ObjectMeta content : one.contents()) {
        metas.write(content, out);
      }
      out.writeEndArray();
    } else if (request instanceof Request.GetData one) {
      ids("id", one.ids(), out);
      out.writeBooleanField("sync_remote", one.syncRemote());
      out.writeBooleanField("wait", one.waits());
    } else if (request instanceof Request.ListData one) {
      pattern(one.pattern(), one.isRegex(), one.limit(), out);
    } else if (request instanceof Request.DeleteData one) {
      ids("id", one.ids(), out);
      out.writeBooleanField("force", one.force());
      out.writeBooleanField("deep", one.deep());
      out.writeBooleanField("memory_trim", one.trim());
      out.writeBooleanField("fastpath", false);
    } else if (request instanceof Request.Exists one) {
      id("id", one.id(), out);
    } else if (request instanceof Request.Persist one) {
      id("id", one.id(), out);
    } else if (request instanceof Request.IfPersist one) {
      id("id", one.id(), out);
    } else if (request instanceof Request.Label one) {
      id("id", one.id(), out);
      texts("keys", one.labels().keySet(), out);
      texts("values", one.labels().values(), out);
    } else if (request instanceof Request.PutName one) {
      id("object_id", one.id(), out);
      out.writeStringField("name", one.name());
    } else if (request instanceof Request.GetName one) {
      out.writeStringField("name", one.name());
      out.writeBooleanField("wait", one.waits());
    } else if (request instanceof Request.ListName one) {
      pattern(one.pattern(), one.isRegex(), one.limit(), out);
    } else if (request instanceof Request.DropName one) {
      out.writeStringField("name", one.name());
    } else {
      writeStreams(request, metas, out);
    }
  }

  private static void writeStreams(Request request, MetaJson metas, JsonGenerator out)
      throws IOException {
    if (request instanceof Request.CreateStream one) {
      id("object_id", one.id(), out);
    } else if (request instanceof Request.OpenStream one) {
      id("object_id", one.id(), out);
      out.writeNumberField("mode", one.mode());
    } else if (request instanceof Request.NextChunk one) {
      id("id", one.stream(), out);
      out.writeNumberField("size", one.sizeBytes());
    } else if (request instanceof Request.PushChunk one) {
      id("id", one.stream(), out);
      id("chunk", one.chunk(), out);
    } else if (request instanceof Request.PullChunk one) {
      id("id", one.stream(), out);
    } else if (request instanceof Request.StopStream one) {
      id("id", one.stream(), out);
      out.writeBooleanField("failed", one.failed());
    } else if (request instanceof Request.DropStream one) {
      id("id", one.stream(), out);
    } else if (request instanceof Request.Migrate one) {
      id("object_id", one.id(), out);
    } else if (request instanceof Request.ShallowCopy one) {
      id("id", one.id(), out);
      out.writeFieldName("extra");
      metas.writeFields(one.extra(), out);
    } else if (request instanceof Request.IsInUse one) {
      id("id", one.id(), out);
    } else if (request instanceof Request.IsSpilled one) {
      id("id", one.id(), out);
    }
  }

  private static void pattern(String pattern, boolean isRegex, long limit, JsonGenerator out)
      throws IOException {
    out.writeStringField("pattern", pattern);
    out.writeBooleanField("regex", isRegex);
    out.writeNumberField("limit", limit);
  }

  static void id(String key, ObjectId id, JsonGenerator out) throws IOException {
    out.writeFieldName(key);
    MetaJson.writeUnsigned(id.value(), out);
  }

  static void ids(String key, Iterable<ObjectId> ids, JsonGenerator out) throws IOException {
    out.writeArrayFieldStart(key);
    for (ObjectId id : ids) {
      MetaJson.writeUnsigned(id.value(), out);
    }
    out.writeEndArray();
  }

  private static void texts(String key, Iterable<String> texts, JsonGenerator out)
      throws IOException {
    out.writeArrayFieldStart(key);
    for (String text : texts) {
      out.writeString(text);
    }
    out.writeEndArray();
  }
}
