package io.vineyard.store.process;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
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

/** A client that says what it is told to, and keeps the descriptors that it gets. */
public final class RawClient implements AutoCloseable {
  private static final int MOST_READ_BYTES = 1 << 16;

  private final FrameReader frames = FrameReader.ofEvents();
  private final ByteBuf received = Unpooled.buffer();
  private final SocketChannel first;
  private final Socket second;

  private RawClient(SocketChannel first, Socket second) {
    this.first = first;
    this.second = second;
  }

  /** Attaches to a server. */
  public static RawClient attach(Path socket) {
    Epoll.ensureAvailability();
    try {
      SocketChannel first = SocketChannel.open(UnixDomainSocketAddress.of(socket));
      Socket second = Socket.newSocketDomain();
      second.connect(new DomainSocketAddress(socket.toFile()));
      RawClient client = new RawClient(first, second);
      client.shakeHands();
      return client;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void shakeHands() throws IOException {
    int version = Handshake.HIGHEST_VERSION;
    send(new Handshake.Hello(version, version, ProcessHandle.current().pid(), "raw"), true);
    Handshake.Welcome welcome = next(Handshake.Welcome.class);
    send(new Handshake.Attach(welcome.client(), welcome.tokenHigh(), welcome.tokenLow()), false);
    next(Handshake.Ready.class);
  }

  private void send(Handshake message, boolean onFirst) throws IOException {
    ByteBuf out = Unpooled.directBuffer();
    Preface.encode(out);
    HandshakeFrames.write(message, out);
    if (onFirst) {
      write(out);
      return;
    }
    ByteBuffer bytes = out.nioBuffer();
    int written = second.write(bytes, bytes.position(), bytes.limit());
    out.release();
    if (written != bytes.limit()) {
      throw new IOException("expected to write " + bytes.limit() + " bytes, wrote " + written);
    }
  }

  private void write(ByteBuf out) throws IOException {
    ByteBuffer bytes = out.nioBuffer();
    while (bytes.hasRemaining()) {
      first.write(bytes);
    }
    out.release();
  }

  /** Sends a command. */
  public void send(Command command) {
    ByteBuf out = Unpooled.directBuffer();
    command.accept(new CommandEncoder(out));
    try {
      write(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits for the next message of a type, and drops those before it. */
  public <T> T next(Class<T> type) {
    try {
      while (true) {
        Object message = frames.read(received);
        if (type.isInstance(message)) {
          return type.cast(message);
        } else if (message == null) {
          fill();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void fill() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(MOST_READ_BYTES);
    if (first.read(bytes) < 0) {
      throw new IOException("expected a message, the server ended the connection");
    }
    received.writeBytes(bytes.flip());
  }

  /** Waits for the next descriptor, which is the caller's to close. */
  public int nextDescriptor() {
    int[] descriptor = new int[1];
    Waits.until(
        "a descriptor",
        () -> {
          try {
            descriptor[0] = second.recvFd();
            return descriptor[0] > 0;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    return descriptor[0];
  }

  @Override
  public void close() {
    try {
      first.close();
      second.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
