package io.vineyard.store.arrow;

import com.google.flatbuffers.FlatBufferBuilder;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.DictionarySet;
import io.vineyard.store.arrow.ipc.IpcMessages;
import io.vineyard.store.arrow.ipc.IpcOutput;
import io.vineyard.store.memory.Tracking;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.ipc.message.ArrowFooter;
import org.jspecify.annotations.Nullable;

/**
 * Writes an Arrow IPC file. The file gets its name when it is complete, so that nobody sees half of
 * one. Used by one thread.
 */
public final class ArrowFileWriter implements AutoCloseable {
  private final Path path;
  private final Path unfinished;
  private final FileChannel channel;
  private final IpcOutput output;
  private final List<ArrowBlock> dictionaryBlocks = new ArrayList<>();
  private final List<ArrowBlock> batchBlocks = new ArrayList<>();
  private @Nullable BatchSchema schema;
  private DictionarySet dictionaries = DictionarySet.EMPTY;
  private boolean failed;
  private boolean closed;

  private ArrowFileWriter(Path path, CodecType compression) throws IOException {
    this.path = path;
    this.unfinished = path.resolveSibling(path.getFileName() + ".unfinished");
    this.channel =
        FileChannel.open(
            unfinished,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    this.output = new IpcOutput(channel, compression);
  }

  /** Begins a file that is not compressed; the caller closes the writer. */
  public static ArrowFileWriter create(Path path) {
    return create(path, CodecType.NO_COMPRESSION);
  }

  /**
   * Begins a file; the caller closes the writer.
   *
   * @param compression how the buffers are compressed; LZ4 is much slower here than ZSTD
   * @throws VineyardException with {@link ErrorCode#IO_ERROR} if it can't be written
   */
  public static ArrowFileWriter create(Path path, CodecType compression) {
    Objects.requireNonNull(compression, "compression");
    try {
      ArrowFileWriter opened = new ArrowFileWriter(path, compression);
      Tracking.taken(opened, opened, "", null);
      return opened;
    } catch (IOException e) {
      throw IpcOutput.failed("writing " + path, e);
    }
  }

  /**
   * Writes a batch, which still belongs to the caller. The first one sets the schema and the
   * dictionaries of the file.
   *
   * @throws VineyardException with {@link ErrorCode#SCHEMA_MISMATCH} if the schema differs from
   *     that of the first batch, {@link ErrorCode#INVALID} if the dictionaries do, {@link
   *     ErrorCode#IO_ERROR} if it can't be written, after which the file is given up
   */
  public void write(RecordBatch batch) {
    if (closed) {
      throw VineyardException.of(
          ErrorCode.ALREADY_STOPPED, "expected an open writer, that of " + path + " was closed");
    }
    try {
      if (schema == null) {
        begin(batch, batch.batchSchema());
      } else {
        check(batch, schema);
      }
      batchBlocks.add(output.writeBatch(batch.vectors(), batch.rowCount()));
    } catch (IOException e) {
      failed = true;
      throw IpcOutput.failed("writing " + path, e);
    }
  }

  private void begin(RecordBatch batch, BatchSchema first) throws IOException {
    output.write(ByteBuffer.allocate(ArrowFile.MAGIC_PADDED_BYTES).put(0, ArrowFile.MAGIC));
    output.writeMetadata(first.toMessage());
    dictionaries = batch.dictionarySet().retain();
    for (Map.Entry<Long, Dictionary> entry : dictionaries.dictionaries().entrySet()) {
      dictionaryBlocks.add(output.writeDictionary(entry.getKey(), entry.getValue().getVector()));
    }
    schema = first;
  }

  private void check(RecordBatch batch, BatchSchema expected) {
    String difference = batch.batchSchema().differenceTo(expected);
    if (difference != null) {
      throw VineyardException.of(ErrorCode.SCHEMA_MISMATCH, difference + " in " + path);
    }
    if (!dictionaries.hasSameContent(batch.dictionarySet())) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected the dictionaries of the first batch, got others; a file has one of each, "
              + path);
    }
  }

  /**
   * Completes the file, and gives it its name; without a batch there is no file. Any call but the
   * first does nothing.
   *
   * @throws VineyardException with {@link ErrorCode#IO_ERROR} if it can't be written
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    Tracking.returned(this);
    BatchSchema written = schema;
    try (channel) {
      if (written != null && !failed) {
        writeFooter(written);
        channel.close();
        Files.move(unfinished, path, StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw IpcOutput.failed("writing " + path, e);
    } finally {
      dictionaries.close();
      deleteUnfinished();
    }
  }

  private void writeFooter(BatchSchema written) throws IOException {
    output.writeEnd();
    FlatBufferBuilder builder = new FlatBufferBuilder();
    builder.finish(new ArrowFooter(written.wire(), dictionaryBlocks, batchBlocks).writeTo(builder));
    ByteBuffer footer = builder.dataBuffer();
    int size = footer.remaining();
    output.write(footer);
    output.write(IpcMessages.littleEndian(Integer.BYTES).putInt(size).flip());
    output.write(ByteBuffer.wrap(ArrowFile.MAGIC));
  }

  private void deleteUnfinished() {
    try {
      Files.deleteIfExists(unfinished);
    } catch (IOException e) {
      throw IpcOutput.failed("deleting " + unfinished, e);
    }
  }
}
