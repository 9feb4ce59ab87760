package io.vineyard.store.server;

import static io.vineyard.store.server.Messages.bits;
import static io.vineyard.store.server.Messages.message;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import io.vineyard.store.Waits;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A client of Vineyard's dialect that says whatever it is told to, byte by byte, and reads exactly
 * what it is told to: a byte too many, and a descriptor would be lost. Not thread-safe.
 */
final class RawJsonClient implements AutoCloseable {
  private static final int GAP_BYTES = 8;

  /** A file of the server, mapped for each purpose when it is needed. */
  private static final class MappedFile {
    private final Segment segment;
    private final Map<Segment.Access, Mapping> mappings = new EnumMap<>(Segment.Access.class);

    MappedFile(Segment segment) {
      this.segment = segment;
    }

    Mapping mapping(Segment.Access access) {
      return mappings.computeIfAbsent(access, segment::map);
    }

    void close() {
      mappings.values().forEach(Mapping::close);
      segment.close();
    }
  }

  private final Socket socket;
  private final ByteBuffer header = ByteBuffer.allocateDirect(Long.BYTES);
  private final Map<Integer, MappedFile> files = new HashMap<>();
  private boolean ended;
  private boolean closed;

  private RawJsonClient(Path path) throws IOException {
    Epoll.ensureAvailability();
    socket = Socket.newSocketDomain();
    try {
      boolean unused = socket.connect(new DomainSocketAddress(path.toFile()));
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Connects, and says nothing. */
  static RawJsonClient connect(Path path) {
    try {
      return new RawJsonClient(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Connects, and says who it is. */
  static RawJsonClient register(Path path) {
    RawJsonClient client = connect(path);
    client.done(registration());
    return client;
  }

  static ObjectNode registration() {
    return message(
        "register_request",
        "version",
        "0.24.2",
        "store_type",
        1,
        "session_id",
        0,
        "username",
        "",
        "password",
        "");
  }

  // Saying.

  /** Sends messages at once. */
  void say(JsonNode... messages) {
    for (JsonNode message : messages) {
      say(Messages.frame(message));
    }
  }

  /** Sends bytes, all of them unless the server ends the connection. */
  void say(ByteBuf bytes) {
    ByteBuffer direct = ByteBuffer.allocateDirect(bytes.readableBytes());
    direct.put(bytes.nioBuffer()).flip();
    Waits.until(() -> "room for " + direct.remaining() + " bytes", () -> writeSome(direct));
  }

  private boolean writeSome(ByteBuffer bytes) {
    try {
      int size = socket.write(bytes, bytes.position(), bytes.limit());
      bytes.position(bytes.position() + size);
      return !bytes.hasRemaining();
    } catch (IOException e) {
      return true;
    }
  }

  /** Sends some byte, with a descriptor that nobody has asked for. */
  void sayDescriptor(int descriptor) {
    Waits.until(
        "room for a descriptor",
        () -> {
          try {
            return socket.sendFd(descriptor) > 0;
          } catch (IOException e) {
            return true;
          }
        });
  }

  /** Says that no more will be said. */
  void endOutput() {
    try {
      socket.shutdown(false, true);
    } catch (IOException e) {
      ended = true;
    }
  }

  // Hearing.

  private boolean readSome(ByteBuffer to) {
    if (!to.hasRemaining()) {
      return true;
    }
    try {
      int size = socket.read(to, to.position(), to.limit());
      if (size < 0) {
        ended = true;
      } else {
        to.position(to.position() + size);
      }
    } catch (IOException e) {
      ended = true;
    }
    return ended || !to.hasRemaining();
  }

  private boolean read(String what, ByteBuffer to) {
    Waits.until(what, () -> readSome(to));
    return !to.hasRemaining();
  }

  /** Returns whether nothing has come that was not read. */
  boolean isSilent() {
    boolean unused = readSome(header);
    return header.position() == 0 && !ended;
  }

  /** Returns the next message, and takes its descriptors; null at the end of the connection. */
  @Nullable JsonNode next() {
    if (!read("the length of a message", header)) {
      return null;
    }
    long size = header.flip().order(ByteOrder.LITTLE_ENDIAN).getLong();
    header.clear();
    assertThat(size).as("length of a message").isBetween(2L, 64L << 20);
    ByteBuffer body = ByteBuffer.allocateDirect((int) size);
    if (!read("a message of " + size + " bytes", body)) {
      return null;
    }
    JsonNode message = Messages.parse(StandardCharsets.UTF_8.decode(body.flip()).toString());
    takeDescriptors(message);
    return message;
  }

  private void takeDescriptors(JsonNode message) {
    if (message.path("fd").asInt(-1) > 0) {
      take(message.get("fd").asInt(), message);
    }
    for (JsonNode file : message.path("fds")) {
      take(file.asInt(), message);
    }
  }

  private void take(int file, JsonNode message) {
    int[] descriptor = new int[1];
    Waits.until("the descriptor of file " + file, () -> (descriptor[0] = receive()) != 0);
    assertThat(descriptor[0]).as("descriptor of file %d", file).isPositive();
    assertThat(files).as("files that are known").doesNotContainKey(file);
    long size = mapBytes(file, message) - GAP_BYTES;
    files.put(file, new MappedFile(Segment.ofDescriptor(descriptor[0], size)));
  }

  private int receive() {
    try {
      return socket.recvFd();
    } catch (IOException e) {
      return -1;
    }
  }

  private static long mapBytes(int file, JsonNode message) {
    for (JsonNode payload : message.findParents("store_fd")) {
      if (payload.get("store_fd").asInt() == file) {
        return payload.get("map_size").asLong();
      }
    }
    throw new AssertionError("expected a payload in file " + file + ", got " + message);
  }

  /** Returns where a blob lies; one that is sealed can only be read. */
  ByteBuffer memory(JsonNode payload) {
    int size = payload.get("data_size").asInt();
    if (size == 0) {
      return ByteBuffer.allocate(0);
    }
    MappedFile file = files.get(payload.get("store_fd").asInt());
    assertThat(file).as("file of %s", payload).isNotNull();
    Segment.Access access =
        payload.get("is_sealed").asBoolean() ? Segment.Access.READ_ONLY : Segment.Access.READ_WRITE;
    long offset = payload.get("data_offset").asLong();
    return Mapping.view(file.mapping(access).address(offset, size), size);
  }

  /** Sends a message, and returns the reply. */
  JsonNode ask(JsonNode message) {
    say(message);
    JsonNode reply = next();
    assertThat(reply).as("reply to %s", message).isNotNull();
    return reply;
  }

  /** Sends a message, and returns the reply, which must not be an error. */
  JsonNode done(JsonNode message) {
    return checked(message, ask(message));
  }

  /** Returns the reply to a message that was sent before, which must not be an error. */
  JsonNode answered(JsonNode message) {
    JsonNode reply = next();
    assertThat(reply).as("reply to %s", message).isNotNull();
    return checked(message, reply);
  }

  private static JsonNode checked(JsonNode message, JsonNode reply) {
    assertThat(reply.has("code")).as("%s to %s has a code", reply, message).isFalse();
    String type = Messages.replyType(message.get("type").asText());
    assertThat(reply.get("type").asText()).as("type of %s", reply).isEqualTo(type);
    return reply;
  }

  /** Sends a message, and returns the code of the error that it must get. */
  int refused(JsonNode message) {
    say(message);
    return failed(message);
  }

  /** Returns the code of the error that a message gets which was sent before. */
  int failed(JsonNode message) {
    JsonNode reply = next();
    assertThat(reply).as("reply to %s", message).isNotNull();
    assertThat(reply.has("type")).as("%s to %s has a type", reply, message).isFalse();
    assertThat(reply.path("message").asText()).as("text of %s", reply).isNotEmpty();
    return reply.get("code").asInt();
  }

  /** Reads up to the end of the connection, which must come. */
  int rest() {
    int count = 0;
    while (next() != null) {
      count++;
    }
    return count;
  }

  // What is often said.

  /** Creates a blob, fills and seals it. */
  long blob(byte... bytes) {
    JsonNode reply = done(message("create_buffer_request", "size", (long) bytes.length));
    memory(reply.get("created")).put(bytes);
    long id = bits(reply.get("id"));
    done(message("seal_request", "object_id", id));
    return id;
  }

  long create(JsonNode content) {
    return bits(done(message("create_data_request", "content", content)).get("id"));
  }

  /** Makes a stream, as the Python client does. */
  long stream(String typeName) {
    long id = create(Messages.meta(typeName, "params_", "{}", "global", false));
    done(message("create_stream_request", "object_id", id));
    return id;
  }

  JsonNode delete(long... ids) {
    return done(message("del_data_request", "id", ids, "force", false, "deep", true));
  }

  /** Drops a stream and deletes what describes it, as the Python client does. */
  void drop(long stream) {
    done(message("drop_stream_request", "id", stream));
    delete(stream);
  }

  /** Returns the metadata of an object that must exist. */
  JsonNode meta(long id) {
    JsonNode reply = done(message("get_data_request", "id", new long[] {id}));
    JsonNode found = reply.get("content").get(Messages.text(id));
    assertThat(found).as("metadata of %s", Messages.text(id)).isNotNull();
    return found;
  }

  boolean exists(long id) {
    return done(message("exists_request", "id", id)).get("exists").asBoolean();
  }

  /** Returns the bytes of a blob that must exist. */
  byte[] bytes(long id) {
    JsonNode reply = done(message("get_buffers_request", "0", id, "num", 1, "unsafe", false));
    assertThat(reply.get("payloads")).as("payloads of %s", reply).hasSize(1);
    ByteBuffer memory = memory(reply.get("payloads").get(0));
    byte[] bytes = new byte[memory.remaining()];
    memory.get(bytes);
    return bytes;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      try {
        socket.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      files.values().forEach(MappedFile::close);
    }
  }
}
