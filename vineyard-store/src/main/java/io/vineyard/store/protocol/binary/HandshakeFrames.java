package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;

/** Writes the frames that begin and end a connection. */
public final class HandshakeFrames {
  static final HandshakeCodecs.HelloCodec HELLO = new HandshakeCodecs.HelloCodec();
  static final HandshakeCodecs.WelcomeCodec WELCOME = new HandshakeCodecs.WelcomeCodec();
  static final HandshakeCodecs.AttachCodec ATTACH = new HandshakeCodecs.AttachCodec();
  static final HandshakeCodecs.ReadyCodec READY = new HandshakeCodecs.ReadyCodec();
  static final HandshakeCodecs.ClosedCodec CLOSED = new HandshakeCodecs.ClosedCodec();

  private HandshakeFrames() {}

  /** Writes a frame. */
  public static void write(Handshake message, ByteBuf out) {
    if (message instanceof Handshake.Hello hello) {
      HELLO.write(hello, out);
    } else if (message instanceof Handshake.Welcome welcome) {
      WELCOME.write(welcome, out);
    } else if (message instanceof Handshake.Attach attach) {
      ATTACH.write(attach, out);
    } else if (message instanceof Handshake.Ready ready) {
      READY.write(ready, out);
    } else if (message instanceof Handshake.Closed closed) {
      CLOSED.write(closed, out);
    }
  }
}
