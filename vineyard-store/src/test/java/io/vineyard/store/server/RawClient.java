package io.vineyard.store.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vineyard.store.Waits;
import io.vineyard.store.message.Command;
import io.vineyard.store.protocol.binary.CommandEncoder;
import io.vineyard.store.protocol.binary.FrameReader;
import io.vineyard.store.protocol.binary.Handshake;
import io.vineyard.store.protocol.binary.HandshakeFrames;
import io.vineyard.store.protocol.binary.Preface;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A client that says whatever it is told to, byte by byte, and reads only when it is told to.
 * Descriptors that it gets are dropped by the kernel. Not thread-safe.
 */
final class RawClient implements AutoCloseable {
  private static final int READ_BYTES = 64 << 10;

  private final Path socket;
  private final SocketChannel first;
  private final ByteBuffer chunk = ByteBuffer.allocateDirect(READ_BYTES);
  private final FrameReader frames = FrameReader.ofEvents();
  private final ByteBuf arrived = Unpooled.buffer();
  private @Nullable SocketChannel second;
  private boolean ended;

  private RawClient(Path socket) throws IOException {
    this.socket = socket;
    this.first = open(socket);
  }

  private static SocketChannel open(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    channel.configureBlocking(false);
    return channel;
  }

  /** Connects, and says nothing. */
  static RawClient connect(Path socket) {
    try {
      return new RawClient(socket);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Connects, and is attached as a well-behaved client is. */
  static RawClient attach(Path socket, String name) {
    RawClient client = connect(socket);
    client.hello(name);
    Handshake.Welcome welcome = client.next(Handshake.Welcome.class);
    client.second(new Handshake.Attach(welcome.client(), welcome.tokenHigh(), welcome.tokenLow()));
    client.next(Handshake.Ready.class);
    return client;
  }

  void hello(String name) {
    say(
        new Handshake.Hello(
            Handshake.LOWEST_VERSION,
            Handshake.HIGHEST_VERSION,
            ProcessHandle.current().pid(),
            name));
  }

  /** Sends the preface and a frame. */
  void say(Handshake message) {
    write(first, preface(message));
  }

  /** Makes the second connection, and sends the preface and a frame there. */
  void second(Handshake message) {
    try {
      second = open(socket);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    write(second, preface(message));
  }

  private static ByteBuf preface(Handshake message) {
    ByteBuf out = Unpooled.buffer();
    Preface.encode(out);
    HandshakeFrames.write(message, out);
    return out;
  }

  /** Returns commands as bytes. */
  static ByteBuf bytes(Command... commands) {
    ByteBuf out = Unpooled.buffer();
    CommandEncoder encoder = new CommandEncoder(out);
    for (Command command : commands) {
      command.accept(encoder);
    }
    return out;
  }

  void say(Command... commands) {
    write(first, bytes(commands));
  }

  /** Sends bytes, all of them unless the server ends the connection. */
  void say(ByteBuf bytes) {
    write(first, bytes);
  }

  /** Sends as many of the bytes as the socket takes at once; returns how many. */
  int sayNow(ByteBuf bytes) {
    return writeSome(first, bytes);
  }

  private static void write(SocketChannel to, ByteBuf bytes) {
    Waits.until(
        () -> "room for " + bytes.readableBytes() + " bytes",
        () -> writeSome(to, bytes) < 0 || !bytes.isReadable());
  }

  /** Says that no more will be said. */
  void endOutput() {
    try {
      first.shutdownOutput();
    } catch (IOException e) {
      ended |= !first.isOpen();
    }
  }

  /** Returns -1 if there is nobody to write to. */
  private static int writeSome(SocketChannel to, ByteBuf bytes) {
    try {
      int size = to.write(bytes.nioBuffer());
      bytes.skipBytes(size);
      return size;
    } catch (IOException e) {
      return -1;
    }
  }

  /** Reads what has arrived. */
  private void readSome() {
    try {
      chunk.clear();
      int size = first.read(chunk);
      while (size > 0) {
        arrived.discardReadBytes().writeBytes(chunk.flip());
        chunk.clear();
        size = first.read(chunk);
      }
      ended |= size < 0;
    } catch (IOException e) {
      ended = true;
    }
  }

  /** Reads the second connection, of which the kernel drops the descriptors. */
  void takeDescriptors() {
    try {
      chunk.clear();
      while (second != null && second.read(chunk) > 0) {
        chunk.clear();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the next message; null at the end of the connection. */
  @Nullable Object next() {
    Object[] found = new Object[1];
    Waits.until(
        "a message",
        () -> {
          readSome();
          found[0] = frames.read(arrived);
          return found[0] != null || ended;
        });
    return found[0];
  }

  /** Returns the next message, which must be of this type. */
  <T> T next(Class<T> type) {
    Object message = next();
    assertThat(message).isInstanceOf(type);
    return type.cast(message);
  }

  /** Drops messages up to the first of this type. */
  <T> T await(Class<T> type) {
    Object message = next();
    while (message != null && !type.isInstance(message)) {
      message = next();
    }
    assertThat(message).as("a " + type.getSimpleName()).isNotNull();
    return type.cast(message);
  }

  /** Reads up to the end of the connection, and returns all messages. */
  List<Object> rest() {
    List<Object> messages = new ArrayList<>();
    for (Object message = next(); message != null; message = next()) {
      messages.add(message);
    }
    return messages;
  }

  /** Reads up to the end of the connection; returns the reason, null if there was none. */
  Handshake.@Nullable Closed end() {
    List<Object> messages = rest();
    return !messages.isEmpty() && messages.get(messages.size() - 1) instanceof Handshake.Closed last
        ? last
        : null;
  }

  /** Closes both connections, before the block that it is used in ends. */
  void leave() {
    close();
  }

  /** Closes the second connection only. */
  void leaveSecond() {
    try {
      if (second != null) {
        second.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      first.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    leaveSecond();
  }
}
