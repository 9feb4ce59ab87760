package io.vineyard.store.server;

import static io.vineyard.store.server.Messages.message;
import static io.vineyard.store.server.Messages.meta;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** Messages of Vineyard's dialect that are wrong, from garbage to such that are nearly right. */
final class JsonMutator {
  private static final long BLOB = 1L << 63;

  /** What begins the type names of everything that it makes. */
  static final String TYPE = "fuzz";

  /** All names that it gives. */
  static final List<String> NAMES = List.of("a", "b", "c/d", "1", "");

  private static final long[] ABSURD = {
    0, -1, 1, 4095, 1 << 16, Integer.MAX_VALUE, 1L << 32, 1L << 62, Long.MAX_VALUE, Long.MIN_VALUE
  };

  private static final List<String> TEXTS =
      List.of(
          "", "a", "b", "\0", "\0json:[1", "ä€😀", "o0000000000000004", "*", "(a*)*b", "[", "/");

  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "-1",
          "1.5",
          "1e400",
          "18446744073709551615",
          "18446744073709551616",
          "123456789012345678901234567890",
          "\"\"",
          "\"o8000000000000000\"",
          "\"\\ud800\"",
          "[]",
          "[1,\"a\",null]",
          "[[[[]]]]",
          "{}",
          "{\"id\":4}",
          "{\"id\":\"o04\",\"typename\":7}");

  private final Random random;
  private final List<Long> known;
  private final List<Supplier<ObjectNode>> harmless;
  private final List<Supplier<ObjectNode>> waiting;

  /**
   * Makes one that knows some ids of others, at which it looks only.
   *
   * @param known streams, objects or blobs that there are
   */
  JsonMutator(Random random, List<Long> known) {
    this.random = random;
    this.known = known;
    this.harmless = new ArrayList<>(blobs());
    harmless.addAll(objects());
    harmless.addAll(names());
    harmless.addAll(streams());
    this.waiting = waits();
  }

  private List<Supplier<ObjectNode>> blobs() {
    return List.of(
        () -> message("create_buffer_request", "size", size()),
        () -> message("create_buffers_request", "sizes", sizes(), "num", absurd()),
        () -> message("seal_request", "object_id", id()),
        () -> message("shrink_buffer_request", "id", id(), "size", absurd()),
        () -> message("drop_buffer_request", "id", id()),
        () -> message("get_buffers_request", "ids", ids(), "unsafe", random.nextBoolean()),
        () -> message("get_buffers_request", "0", seen(), "1", id(), "num", random.nextInt(4)),
        () -> message("increase_reference_count_request", "ids", ids()),
        () -> message("release_request", "object_id", seen()),
        () -> message("is_in_use_request", "id", seen()),
        () -> message("is_spilled_request", "id", seen()));
  }

  private List<Supplier<ObjectNode>> objects() {
    return List.of(
        () -> message("create_data_request", "content", tree(3)),
        () ->
            message(
                "create_datas_request",
                "contents",
                Messages.JSON.createArrayNode().add(tree(1)).add(tree(2)),
                "num",
                2),
        () -> message("get_data_request", "id", ids(), "sync_remote", true),
        () -> list("list_data_request"),
        () -> delete("del_data_request"),
        () -> delete("del_data_with_feedbacks_request"),
        () -> message("exists_request", "id", seen()),
        () -> message("persist_request", "id", id()),
        () -> message("if_persist_request", "id", seen()),
        () -> message("label_request", "id", id(), "keys", List.of(text()), "values", texts()),
        () -> message("shallow_copy_request", "id", id(), "extra", Messages.object(text(), 1)),
        () -> message("migrate_object_request", "object_id", seen()),
        () -> message("memory_trim_request"),
        () -> message("cluster_meta"),
        () -> message("instance_status_request"),
        RawJsonClient::registration,
        () -> message(text(), "id", seen()));
  }

  private List<Supplier<ObjectNode>> names() {
    return List.of(
        () -> message("put_name_request", "object_id", id(), "name", name()),
        () -> message("get_name_request", "name", text(), "wait", false),
        () -> list("list_name_request"),
        () -> message("drop_name_request", "name", name()));
  }

  private List<Supplier<ObjectNode>> streams() {
    return List.of(
        () -> message("create_stream_request", "object_id", id()),
        () -> message("open_stream_request", "object_id", seen(), "mode", 1 + random.nextInt(3)),
        () -> message("push_next_stream_chunk_request", "id", id(), "chunk", id()),
        () -> message("get_next_stream_chunk_request", "id", id(), "size", size()),
        () -> message("stop_stream_request", "id", id(), "failed", random.nextBoolean()),
        () -> message("drop_stream_request", "id", id()));
  }

  private List<Supplier<ObjectNode>> waits() {
    return List.of(
        () -> message("get_name_request", "name", "never", "wait", true),
        () -> message("get_data_request", "id", ids(), "wait", true),
        () -> message("pull_next_stream_chunk_request", "id", id()),
        () -> message("get_next_stream_chunk_request", "id", id(), "size", 40L << 20));
  }

  private long absurd() {
    return random.nextInt(4) == 0
        ? random.nextLong()
        : ABSURD[random.nextInt(ABSURD.length)] + random.nextInt(3) - 1;
  }

  private long size() {
    return random.nextInt(4) == 0 ? absurd() : random.nextInt(4096);
  }

  private long[] sizes() {
    long[] sizes = new long[random.nextInt(5)];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = size();
    }
    return sizes;
  }

  /** Returns an id that nobody minds anything to be done with: small ones may be streams. */
  private long id() {
    return switch (random.nextInt(6)) {
      case 0 -> Messages.EMPTY;
      case 1 -> random.nextLong() | BLOB;
      default -> 1000 + random.nextInt(20);
    };
  }

  /** Returns an id to look at, perhaps that of another client. */
  private long seen() {
    return random.nextBoolean() ? id() : known.get(random.nextInt(known.size()));
  }

  private long[] ids() {
    long[] ids = new long[random.nextInt(5)];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = seen();
    }
    return ids;
  }

  private String name() {
    return NAMES.get(random.nextInt(NAMES.size()));
  }

  private String text() {
    String text = TEXTS.get(random.nextInt(TEXTS.size()));
    return random.nextInt(16) == 0 ? text.repeat(random.nextInt(3000)) : text;
  }

  private List<String> texts() {
    return random.nextBoolean() ? List.of(text()) : List.of();
  }

  private JsonNode value() {
    return Messages.parse(VALUES.get(random.nextInt(VALUES.size())));
  }

  private ObjectNode list(String type) {
    return message(
        type, "pattern", text(), "regex", random.nextBoolean(), "limit", random.nextInt(30));
  }

  private ObjectNode delete(String type) {
    long[] ids = {id(), id()};
    return message(type, "id", ids, "force", random.nextBoolean(), "deep", random.nextBoolean());
  }

  private ObjectNode tree(int depth) {
    ObjectNode tree = meta(TYPE + random.nextInt(3), text(), value(), "k", text());
    if (random.nextInt(3) == 0) {
      tree.set("m", random.nextBoolean() ? Messages.reference(id()) : Messages.blob(id(), 1));
    }
    if (depth > 0 && random.nextInt(3) == 0) {
      tree.set("t", tree(depth - 1).put("id", Messages.text(id())));
    }
    return tree;
  }

  private static <T> T any(List<T> from, Random random) {
    return from.get(random.nextInt(from.size()));
  }

  // Messages that are answered, whatever they are.

  /** Returns a message that is whole, and mostly refused. */
  ByteBuf whole() {
    ObjectNode made = any(harmless, random).get();
    return switch (random.nextInt(8)) {
      case 0 -> Messages.frame(changed(made));
      case 1 -> Messages.frame(without(made));
      case 2 -> Messages.frame(doubled(made));
      case 3 -> Messages.frame(any(List.of("", "null", "{}", "[]", "7", "{\"type\":"), random));
      case 4 -> nested();
      case 5 -> notUtf8(made);
      default -> Messages.frame(made);
    };
  }

  /** Changes any field but the one that may have its sender wait. */
  private ObjectNode changed(ObjectNode made) {
    List<String> keys = new ArrayList<>();
    made.fieldNames().forEachRemaining(keys::add);
    keys.remove("wait");
    return made.set(any(keys, random), value());
  }

  private ObjectNode without(ObjectNode made) {
    List<String> keys = new ArrayList<>();
    made.fieldNames().forEachRemaining(keys::add);
    made.remove(any(keys, random));
    return made;
  }

  private String doubled(ObjectNode made) {
    String text = made.toString();
    return text.substring(0, text.length() - 1)
        + ",\"type\":\"exists_request\",\"id\":"
        + any(VALUES, random)
        + "}";
  }

  private ByteBuf nested() {
    int depth = 1 + random.nextInt(random.nextInt(16) > 0 ? 300 : 10_000);
    String inner = random.nextBoolean() ? "[" : "{\"id\":\"o04\",\"typename\":\"t\",\"m\":";
    String open = "{\"type\":\"create_data_request\",\"content\":" + inner.repeat(depth);
    boolean isClosed = random.nextBoolean();
    return Messages.frame(
        open + (isClosed ? "1" + (inner.equals("[") ? "]" : "}").repeat(depth) + "}" : ""));
  }

  private ByteBuf notUtf8(ObjectNode made) {
    byte[] bytes = made.toString().getBytes(StandardCharsets.UTF_8);
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) (0x80 + random.nextInt(0x80));
    }
    return Messages.frame(bytes);
  }

  /** Returns a message after which none is read, or none is answered. */
  ByteBuf last() {
    return switch (random.nextInt(6)) {
      case 0 -> length(absurd());
      case 1 -> garbage();
      case 2 -> truncated();
      case 3 -> Messages.frame(message("exit_request"));
      default -> Messages.frame(any(waiting, random).get());
    };
  }

  private ByteBuf length(long length) {
    byte[] body = new byte[random.nextInt(64)];
    random.nextBytes(body);
    return Unpooled.buffer().writeLongLE(length).writeBytes(body);
  }

  private ByteBuf truncated() {
    ByteBuf frame = Messages.frame(any(harmless, random).get());
    return frame.writerIndex(random.nextInt(frame.readableBytes()));
  }

  private ByteBuf garbage() {
    byte[] bytes = new byte[1 + random.nextInt(64)];
    random.nextBytes(bytes);
    return Unpooled.wrappedBuffer(bytes);
  }
}
