package io.vineyard.store.arrow.ipc;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.compression.CompressionUtil;
import org.apache.arrow.vector.ipc.message.ArrowBlock;

/** Writes IPC messages to a channel. Used by one thread. */
public final class IpcOutput {
  private final WritableByteChannel channel;
  private final IpcMessages messages;

  /** Begins. */
  public IpcOutput(WritableByteChannel channel, CompressionUtil.CodecType codecType) {
    this.channel = channel;
    this.messages = new IpcMessages(codecType);
  }

  /** Returns how many bytes were written. */
  public long position() {
    return messages.position();
  }

  /** Writes bytes as they are. */
  public void write(ByteBuffer bytes) throws IOException {
    messages.skip(bytes.remaining());
    drain(bytes);
  }

  /** Writes a message without a body. */
  public ArrowBlock writeMetadata(ByteBuffer metadata) throws IOException {
    long start = position();
    return write(start, messages.metadata(metadata));
  }

  /** Writes the mark of the end. */
  public void writeEnd() throws IOException {
    long start = position();
    write(start, messages.end());
  }

  /** Writes a record batch. */
  public ArrowBlock writeBatch(List<FieldVector> vectors, int rows) throws IOException {
    long start = position();
    return write(start, messages.batch(vectors, rows));
  }

  /** Writes a dictionary. */
  public ArrowBlock writeDictionary(long id, FieldVector values) throws IOException {
    long start = position();
    return write(start, messages.dictionary(id, values));
  }

  private ArrowBlock write(long start, IpcMessages.Pieces message) throws IOException {
    try (message) {
      for (ByteBuffer piece : message.pieces()) {
        drain(piece);
      }
    }
    return new ArrowBlock(start, message.metadataBytes(), message.bodyBytes());
  }

  private void drain(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Names what went wrong with a channel. */
  public static VineyardException failed(String what, IOException cause) {
    return VineyardException.of(ErrorCode.IO_ERROR, what + " failed: " + cause, cause);
  }
}
