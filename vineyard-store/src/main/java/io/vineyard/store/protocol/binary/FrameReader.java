package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads frames out of a buffer that fills as bytes arrive. A reader takes only the frames that its
 * side of a connection may get.
 */
public final class FrameReader {
  private static final int TYPES = 256;

  private final @Nullable FrameCodec<?>[] codecs = new FrameCodec<?>[TYPES];

  private final int mostBytes;

  private FrameReader(int mostBytes, List<FrameCodec<?>> accepted) {
    this.mostBytes = mostBytes;
    for (FrameCodec<?> codec : accepted) {
      codecs[codec.type()] = codec;
    }
  }

  /** Returns a reader of what clients send before they are attached. */
  public static FrameReader ofHandshakes() {
    return new FrameReader(
        FrameHeader.MOST_HANDSHAKE_BYTES, List.of(HandshakeFrames.HELLO, HandshakeFrames.ATTACH));
  }

  /** Returns a reader of what attached clients send. */
  public static FrameReader ofCommands() {
    return new FrameReader(
        FrameHeader.MOST_BODY_BYTES,
        List.of(
            CommandEncoder.LEASE_SEGMENT,
            CommandEncoder.SEGMENT_MAPPED,
            CommandEncoder.RETURN_SEGMENT,
            CommandEncoder.SEAL_BLOB,
            CommandEncoder.CREATE_OBJECT,
            CommandEncoder.GET_OBJECT,
            CommandEncoder.RELEASE_BLOBS,
            CommandEncoder.LIST_OBJECTS,
            CommandEncoder.DELETE_OBJECT,
            CommandEncoder.PERSIST,
            CommandEncoder.PUT_NAME,
            CommandEncoder.GET_NAME,
            CommandEncoder.DROP_NAME,
            CommandEncoder.CANCEL_REQUEST,
            CommandEncoder.GET_STATUS,
            CommandEncoder.CREATE_STREAM,
            CommandEncoder.GET_STREAM,
            CommandEncoder.OPEN_WRITER,
            CommandEncoder.OPEN_READER,
            CommandEncoder.END_STREAM,
            CommandEncoder.CLOSE_READER,
            CommandEncoder.SET_PREAMBLE,
            CommandEncoder.USE_SEGMENT,
            CommandEncoder.CLOSE_WRITER,
            CommandEncoder.READER_SETTLED,
            CommandEncoder.WAKE));
  }

  /** Returns a reader of what stores send. */
  public static FrameReader ofEvents() {
    return new FrameReader(
        FrameHeader.MOST_BODY_BYTES,
        List.of(
            HandshakeFrames.WELCOME,
            HandshakeFrames.READY,
            HandshakeFrames.CLOSED,
            EventEncoder.SEGMENT_ANNOUNCED,
            EventEncoder.SEGMENT_CLOSED,
            EventEncoder.BLOBS_RECLAIMED,
            EventEncoder.OBJECTS,
            EventEncoder.DONE,
            EventEncoder.FAILED,
            EventEncoder.STATUS,
            EventEncoder.STREAM,
            EventEncoder.STREAM_ENDED,
            EventEncoder.WRITER_STOPPED,
            EventEncoder.PREAMBLE,
            EventEncoder.WAKE,
            EventEncoder.RETURNED,
            EventEncoder.RING_ANNOUNCED));
  }

  /**
   * Reads the next frame: a command, an event, a {@link Handshake} or what is {@link Announced}.
   *
   * @return null if it is not complete yet
   * @throws VineyardException with {@link ErrorCode#PROTOCOL_ERROR} if it is not legal here
   */
  public @Nullable Object read(ByteBuf in) {
    if (in.readableBytes() < FrameHeader.SIZE_BYTES) {
      return null;
    }
    int size = FrameHeader.bodyBytes(in, mostBytes);
    FrameCodec<?> codec = codecs[FrameHeader.type(in)];
    if (codec == null) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected a type of frame that is known here, got " + FrameHeader.type(in));
    }
    if (in.readableBytes() < FrameHeader.SIZE_BYTES + size) {
      return null;
    }
    in.skipBytes(FrameHeader.SIZE_BYTES);
    return decode(codec, in.readSlice(size));
  }

  private static Object decode(FrameCodec<?> codec, ByteBuf body) {
    Object message;
    try {
      message = codec.decode(body);
    } catch (IndexOutOfBoundsException e) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected a whole frame of type " + codec.type() + ", got " + body.capacity() + " bytes",
          e);
    } catch (VineyardException e) {
      throw e.code() == ErrorCode.PROTOCOL_ERROR
          ? e
          : VineyardException.of(ErrorCode.PROTOCOL_ERROR, String.valueOf(e.getMessage()), e);
    }
    if (body.isReadable()) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected a frame of type "
              + codec.type()
              + " to end, got "
              + body.readableBytes()
              + " bytes more");
    }
    return message;
  }
}
