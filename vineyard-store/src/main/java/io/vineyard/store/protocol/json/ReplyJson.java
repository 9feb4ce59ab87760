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

/** Replies as JSON, both ways. */
final class ReplyJson {
  private static final int DECIMAL_AT = 1;

  private static final String DELETED = "del_data_with_feedbacks_reply";

  private ReplyJson() {}

  /** Returns the type that the reply to a request has. */
  static String typeOf(Request request) {
    boolean hasFeedback = request instanceof Request.DeleteData one && one.feedback();
    return hasFeedback ? DELETED : typeOf(request.getClass());
  }

  /** Returns the type that a reply to such a request has, unless that depends on the request. */
  static String typeOf(Class<? extends Request> request) {
    if (request == Request.ClusterMeta.class) {
      return "cluster_meta";
    }
    if (request == Request.ListData.class) {
      return "get_data_reply";
    }
    return RequestJson.typeOf(request) + "_reply";
  }

  /** Reads the reply to a request; its type was checked. */
  static Reply read(Request request, JsonObject in) {
    Class<? extends Request> kind = request.getClass();
    if (request instanceof Request.Register) {
      return new Reply.Registered(
          in.text("ipc_socket"),
          in.text("rpc_endpoint"),
          in.bits("instance_id"),
          in.bits("session_id"),
          in.text("version", "0.0.0"),
          in.truth("store_match", true),
          in.number(RequestJson.BINARY, 0));
    } else if (request instanceof Request.CreateBuffer) {
      return new Reply.BufferCreated(payload(in.object("created")), in.number("fd", -1));
    } else if (request instanceof Request.NextChunk) {
      return new Reply.ChunkCreated(payload(in.object("buffer")), in.number("fd", -1));
    } else if (request instanceof Request.CreateBuffers) {
      return new Reply.BuffersCreated(payloads(in), in.numbers("fds"));
    } else if (request instanceof Request.GetBuffers) {
      return new Reply.Buffers(payloads(in), in.numbers("fds"));
    } else if (request instanceof Request.CreateData) {
      return new Reply.DataCreated(in.id("id"), in.bits("signature"), in.bits(MetaJson.INSTANCE));
    } else if (request instanceof Request.CreateDatas) {
      return datas(in);
    } else if (request instanceof Request.DeleteData one && one.feedback()) {
      return new Reply.Deleted(in.ids("deleted_bids"));
    } else if (request instanceof Request.GetData || request instanceof Request.ListData) {
      return new Reply.Data(content(in));
    } else if (isTruth(request)) {
      return new Reply.Truth(kind, in.truth(truthKey(kind)));
    } else if (request instanceof Request.MemoryTrim) {
      return new Reply.Truth(kind, in.truth(truthKey(kind), false));
    } else if (request instanceof Request.GetName) {
      return new Reply.Named(in.id("object_id"));
    } else if (request instanceof Request.ListName) {
      return new Reply.Names(names(in.object("names")));
    } else if (request instanceof Request.PullChunk) {
      return new Reply.Chunk(in.id("chunk"));
    } else if (request instanceof Request.ClusterMeta) {
      return new Reply.Cluster(instances(in.object("meta")));
    } else if (request instanceof Request.InstanceStatus) {
      return status(in.object("meta"));
    } else if (request instanceof Request.Migrate) {
      return new Reply.Migrated(in.id("object_id"));
    } else if (request instanceof Request.ShallowCopy) {
      return new Reply.Copied(in.id("target_id"));
    }
    return new Reply.Done(kind);
  }

  private static boolean isTruth(Request request) {
    return request instanceof Request.Exists
        || request instanceof Request.IfPersist
        || request instanceof Request.IsInUse
        || request instanceof Request.IsSpilled;
  }

  private static Reply datas(JsonObject in) {
    List<ObjectId> ids = in.ids("ids");
    List<Long> signatures = in.allBits("signatures");
    List<Long> instances = in.allBits("instance_ids");
    if (signatures.size() != ids.size() || instances.size() != ids.size()) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a signature and an instance for each of "
              + ids.size()
              + " objects, got "
              + signatures.size()
              + " and "
              + instances.size());
    }
    List<Reply.DataCreated> made = new ArrayList<>(ids.size());
    for (int i = 0; i < ids.size(); i++) {
      made.add(new Reply.DataCreated(ids.get(i), signatures.get(i), instances.get(i)));
    }
    return new Reply.DatasCreated(made);
  }

  private static Payload payload(JsonObject in) {
    return new Payload(
        in.id("object_id"),
        in.number("store_fd", -1),
        in.size("data_offset"),
        in.size("data_size"),
        in.size("map_size"),
        in.truth("is_sealed", false));
  }

  private static List<Payload> payloads(JsonObject in) {
    if (in.has("payloads")) {
      return in.list("payloads", node -> payload(new JsonObject("a payload", node)));
    }
    List<Payload> found = new ArrayList<>();
    long count = Math.min(in.size("num"), in.node().size());
    for (int i = 0; i < count; i++) {
      found.add(payload(in.object(String.valueOf(i))));
    }
    return found;
  }

  private static Map<ObjectId, ObjectMeta> content(JsonObject in) {
    Map<ObjectId, ObjectMeta> found = new LinkedHashMap<>();
    if (in.has("content")) {
      for (Map.Entry<String, JsonNode> one : in.object("content").node().properties()) {
        ObjectMeta meta = MetaJson.read(one.getValue());
        found.put(meta.requireId(), meta);
      }
    }
    return found;
  }

  private static Map<String, ObjectId> names(JsonObject in) {
    Map<String, ObjectId> found = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> one : in.node().properties()) {
      found.put(one.getKey(), in.id(one.getKey()));
    }
    return found;
  }

  private static List<Reply.Instance> instances(JsonObject in) {
    List<Reply.Instance> found = new ArrayList<>();
    for (Map.Entry<String, JsonNode> one : in.node().properties()) {
      JsonObject instance = in.object(one.getKey());
      found.add(
          new Reply.Instance(
              instanceNumber(one.getKey()),
              instance.text("hostname", ""),
              instance.text("nodename", ""),
              instance.text("rpc_endpoint", ""),
              instance.text("ipc_socket", ""),
              instance.has("timestamp") ? instance.bits("timestamp") : 0));
    }
    return found;
  }

  private static long instanceNumber(String key) {
    try {
      return Long.parseUnsignedLong(key, DECIMAL_AT, key.length(), 10);
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected the letter i and a number for an instance, got " + key, e);
    }
  }

  private static Reply status(JsonObject in) {
    return new Reply.Status(
        in.bits(MetaJson.INSTANCE),
        in.text("deployment", ""),
        in.size("memory_usage", 0),
        in.size("memory_limit", 0),
        in.size("deferred_requests", 0),
        in.size("ipc_connections", 0),
        in.size("rpc_connections", 0));
  }

  static void write(Reply reply, MetaJson metas, JsonGenerator out) throws IOException {
    if (reply instanceof Reply.Failed one) {
      out.writeNumberField("code", one.code());
      out.writeStringField("message", one.message());
    } else if (reply instanceof Reply.Done one) {
      type(typeOf(one.request()), out);
    } else if (reply instanceof Reply.Registered one) {
      writeRegistered(one, out);
    } else if (reply instanceof Reply.BufferCreated one) {
      type(typeOf(Request.CreateBuffer.class), out);
      RequestJson.id("id", one.blob().blob(), out);
      out.writeNumberField("fd", one.newFile());
      writePayload("created", one.blob(), out);
    } else if (reply instanceof Reply.ChunkCreated one) {
      type(typeOf(Request.NextChunk.class), out);
      out.writeNumberField("fd", one.newFile());
      writePayload("buffer", one.blob(), out);
    } else if (reply instanceof Reply.BuffersCreated one) {
      type(typeOf(Request.CreateBuffers.class), out);
      RequestJson.ids("ids", one.blobs().stream().map(Payload::blob).toList(), out);
      writePayloads(one.blobs(), one.newFiles(), out);
    } else if (reply instanceof Reply.Buffers one) {
      type(typeOf(Request.GetBuffers.class), out);
      out.writeBooleanField("compress", false);
      writePayloads(one.blobs(), one.newFiles(), out);
    } else {
      writeMore(reply, metas, out);
    }
  }

  private static void type(String type, JsonGenerator out) throws IOException {
    out.writeStringField("type", type);
  }

  private static void writeRegistered(Reply.Registered one, JsonGenerator out) throws IOException {
    type(typeOf(Request.Register.class), out);
    out.writeStringField("ipc_socket", one.socket());
    out.writeStringField("rpc_endpoint", one.rpcEndpoint());
    unsigned(MetaJson.INSTANCE, one.instance(), out);
    out.writeNumberField("session_id", one.session());
    out.writeStringField("version", one.version());
    out.writeBooleanField("store_match", one.storeMatches());
    out.writeBooleanField("support_rpc_compression", false);
    if (one.binaryVersion() > 0) {
      out.writeNumberField(RequestJson.BINARY, one.binaryVersion());
    }
  }

  private static void unsigned(String key, long bits, JsonGenerator out) throws IOException {
    out.writeFieldName(key);
    MetaJson.writeUnsigned(bits, out);
  }

  private static void writePayload(String key, Payload blob, JsonGenerator out) throws IOException {
    out.writeFieldName(key);
    writePayload(blob, out);
  }

  private static void writePayload(Payload blob, JsonGenerator out) throws IOException {
    out.writeStartObject();
    RequestJson.id("object_id", blob.blob(), out);
    out.writeNumberField("store_fd", blob.file());
    out.writeNumberField("data_offset", blob.offset());
    out.writeNumberField("data_size", blob.sizeBytes());
    out.writeNumberField("map_size", blob.mapBytes());
    // Clients take the difference to the offset for a base that tells files apart.
    out.writeNumberField("pointer", blob.file() < 0 ? 0 : pointer(blob));
    out.writeBooleanField("is_sealed", blob.isSealed());
    out.writeBooleanField("is_owner", true);
    out.writeBooleanField("is_gpu", false);
    out.writeEndObject();
  }

  private static long pointer(Payload blob) {
    final int fileShift = 40; // no file is longer than a terabyte
    return ((long) blob.file() << fileShift) + blob.offset();
  }

  private static void writePayloads(List<Payload> blobs, List<Integer> newFiles, JsonGenerator out)
      throws IOException {
    out.writeNumberField("num", blobs.size());
    out.writeArrayFieldStart("fds");
    for (int file : newFiles) {
      out.writeNumber(file);
    }
    out.writeEndArray();
    out.writeArrayFieldStart("payloads");
    for (Payload blob : blobs) {
      writePayload(blob, out);
    }
    out.writeEndArray();
    for (int i = 0; i < blobs.size(); i++) {
      writePayload(String.valueOf(i), blobs.get(i), out);
    }
  }

  private static void writeMore(Reply reply, MetaJson metas, JsonGenerator out) throws IOException {
    if (reply instanceof Reply.DataCreated one) {
      type(typeOf(Request.CreateData.class), out);
      RequestJson.id("id", one.id(), out);
      unsigned("signature", one.signature(), out);
      unsigned(MetaJson.INSTANCE, one.instance(), out);
    } else if (reply instanceof Reply.DatasCreated one) {
      writeDatas(one.datas(), out);
    } else if (reply instanceof Reply.Data one) {
      type(typeOf(Request.GetData.class), out);
      writeContent(one.content(), metas, out);
    } else if (reply instanceof Reply.Deleted one) {
      type(DELETED, out);
      RequestJson.ids("deleted_bids", one.blobs(), out);
    } else if (reply instanceof Reply.Truth one) {
      type(typeOf(one.request()), out);
      out.writeBooleanField(truthKey(one.request()), one.value());
    } else if (reply instanceof Reply.Named one) {
      type(typeOf(Request.GetName.class), out);
      RequestJson.id("object_id", one.id(), out);
    } else if (reply instanceof Reply.Names one) {
      type(typeOf(Request.ListName.class), out);
      out.writeNumberField("size", one.names().size());
      out.writeObjectFieldStart("names");
      for (Map.Entry<String, ObjectId> name : one.names().entrySet()) {
        RequestJson.id(name.getKey(), name.getValue(), out);
      }
      out.writeEndObject();
    } else if (reply instanceof Reply.Chunk one) {
      type(typeOf(Request.PullChunk.class), out);
      RequestJson.id("chunk", one.id(), out);
    } else if (reply instanceof Reply.Cluster one) {
      writeCluster(one.instances(), out);
    } else if (reply instanceof Reply.Status one) {
      writeStatus(one, out);
    } else if (reply instanceof Reply.Migrated one) {
      type(typeOf(Request.Migrate.class), out);
      RequestJson.id("object_id", one.id(), out);
    } else if (reply instanceof Reply.Copied one) {
      type(typeOf(Request.ShallowCopy.class), out);
      RequestJson.id("target_id", one.id(), out);
    }
  }

  private static String truthKey(Class<? extends Request> request) {
    if (request == Request.Exists.class) {
      return "exists";
    }
    if (request == Request.IfPersist.class) {
      return "persist";
    }
    if (request == Request.MemoryTrim.class) {
      return "trimmed";
    }
    return RequestJson.typeOf(request);
  }

  private static void writeDatas(List<Reply.DataCreated> datas, JsonGenerator out)
      throws IOException {
    type(typeOf(Request.CreateDatas.class), out);
    out.writeNumberField("num", datas.size());
    RequestJson.ids("ids", datas.stream().map(Reply.DataCreated::id).toList(), out);
    out.writeArrayFieldStart("signatures");
    for (Reply.DataCreated one : datas) {
      MetaJson.writeUnsigned(one.signature(), out);
    }
    out.writeEndArray();
    out.writeArrayFieldStart("instance_ids");
    for (Reply.DataCreated one : datas) {
      MetaJson.writeUnsigned(one.instance(), out);
    }
    out.writeEndArray();
  }

  private static void writeContent(
      Map<ObjectId, ObjectMeta> content, MetaJson metas, JsonGenerator out) throws IOException {
    if (content.isEmpty()) {
      out.writeNullField("content");
      return;
    }
    out.writeObjectFieldStart("content");
    for (Map.Entry<ObjectId, ObjectMeta> one : content.entrySet()) {
      out.writeFieldName(one.getKey().toString());
      metas.write(one.getValue(), out);
    }
    out.writeEndObject();
  }

  private static void writeCluster(List<Reply.Instance> instances, JsonGenerator out)
      throws IOException {
    type(typeOf(Request.ClusterMeta.class), out);
    out.writeObjectFieldStart("meta");
    for (Reply.Instance one : instances) {
      out.writeObjectFieldStart("i" + Long.toUnsignedString(one.id()));
      out.writeNumberField("hostid", 0);
      out.writeStringField("hostname", one.hostName());
      out.writeStringField("nodename", one.nodeName());
      out.writeStringField("rpc_endpoint", one.rpcEndpoint());
      out.writeStringField("ipc_socket", one.socket());
      out.writeNumberField("timestamp", one.timestamp());
      out.writeEndObject();
    }
    out.writeEndObject();
  }

  private static void writeStatus(Reply.Status one, JsonGenerator out) throws IOException {
    type(typeOf(Request.InstanceStatus.class), out);
    out.writeObjectFieldStart("meta");
    unsigned(MetaJson.INSTANCE, one.instance(), out);
    out.writeStringField("deployment", one.deployment());
    out.writeNumberField("memory_usage", one.memoryUsage());
    out.writeNumberField("memory_limit", one.memoryLimit());
    out.writeNumberField("deferred_requests", one.deferredRequests());
    out.writeNumberField("ipc_connections", one.ipcConnections());
    out.writeNumberField("rpc_connections", one.rpcConnections());
    out.writeEndObject();
  }
}
