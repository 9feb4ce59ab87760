package io.vineyard.store.arrow;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.BatchLoader;
import io.vineyard.store.arrow.format.BatchMessages;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.BodyBytes;
import io.vineyard.store.arrow.format.DictionarySet;
import io.vineyard.store.arrow.format.DictionaryState;
import io.vineyard.store.arrow.format.ForeignMemory;
import io.vineyard.store.arrow.format.Malformed;
import io.vineyard.store.arrow.format.SchemaCheck;
import io.vineyard.store.arrow.ipc.IpcMessages;
import io.vineyard.store.arrow.ipc.IpcOutput;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.MemoryThreads;
import io.vineyard.store.memory.Tracking;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.ipc.message.ArrowFooter;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * An Arrow IPC file, mapped: its batches are read in place, those that are compressed (LZ4, ZSTD)
 * are decompressed into memory.
 *
 * <p>The file must not be changed while it is open or a batch of it is. Batches may outlive this.
 * All values that offsets and indices point at are checked before a batch is handed out. The format
 * is that of the Arrow columnar specification, version 1.5. Thread-safe, also for threads that are
 * interrupted.
 */
public final class ArrowFile implements AutoCloseable {
  static final byte[] MAGIC = "ARROW1".getBytes(StandardCharsets.US_ASCII);
  static final int MAGIC_PADDED_BYTES = 8;

  private static final int TRAILER_BYTES = Integer.BYTES + MAGIC.length;
  private static final long MOST_MAPPED_BYTES = Integer.MAX_VALUE;

  private final Path path;
  private final FileChannel channel;
  private final long dataBytes;
  private final @Nullable MappedByteBuffer whole;
  private final BatchSchema schema;
  private final List<ArrowBlock> blocks;
  private final DictionaryState dictionaries;
  private volatile boolean closed;

  private ArrowFile(Path path, FileChannel channel, long mostMappedBytes) throws IOException {
    this.path = path;
    this.channel = channel;
    long size = channel.size();
    ByteBuffer footerBytes = readFooter(size);
    this.dataBytes = size - TRAILER_BYTES - footerBytes.remaining();
    this.whole =
        size <= mostMappedBytes ? channel.map(FileChannel.MapMode.READ_ONLY, 0, size) : null;
    ArrowFooter footer =
        Malformed.guard("footer", () -> parseFooter(Footer.getRootAsFooter(footerBytes)));
    this.schema = Malformed.guard("schema", () -> BatchSchema.ofWire(footer.getSchema()));
    this.blocks = footer.getRecordBatches();
    this.dictionaries = new DictionaryState(schema);
    try {
      for (ArrowBlock block : footer.getDictionaries()) {
        readDictionary(block);
      }
    } catch (RuntimeException broken) {
      dictionaries.close();
      throw broken;
    }
  }

  /**
   * Opens a file; the caller closes it.
   *
   * @throws VineyardException with {@link ErrorCode#IO_ERROR} if it can't be read, {@link
   *     ErrorCode#END_OF_FILE} if it is cut off, {@link ErrorCode#ARROW_ERROR} if it is not a legal
   *     Arrow file, {@link ErrorCode#UNSUPPORTED} if its bytes are big-endian
   */
  public static ArrowFile open(Path path) {
    return open(path, MOST_MAPPED_BYTES);
  }

  /**
   * The same, for tests.
   *
   * @param mostMappedBytes of a file that is larger, each batch is mapped by itself
   */
  static ArrowFile open(Path path, long mostMappedBytes) {
    Objects.requireNonNull(path, "path");
    try {
      FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
      try {
        ArrowFile opened = new ArrowFile(path, channel, mostMappedBytes);
        Tracking.taken(opened, opened, "", null);
        return opened;
      } catch (IOException | RuntimeException broken) {
        channel.close();
        throw broken;
      }
    } catch (IOException e) {
      throw IpcOutput.failed("reading " + path, e);
    } catch (VineyardException e) {
      throw VineyardException.of(e.code(), e.getMessage() + " in " + path, e);
    }
  }

  private static ArrowFooter parseFooter(Footer footer) {
    SchemaCheck.check(footer);
    return new ArrowFooter(footer);
  }

  private ByteBuffer readFooter(long size) throws IOException {
    if (size < MAGIC_PADDED_BYTES + TRAILER_BYTES) {
      throw VineyardException.of(
          ErrorCode.END_OF_FILE, "expected an Arrow file, got " + size + " bytes");
    }
    checkMagic(read(0, MAGIC.length), ErrorCode.ARROW_ERROR, "an Arrow file, which begins");
    ByteBuffer trailer = read(size - TRAILER_BYTES, TRAILER_BYTES);
    int footerBytes = trailer.getInt();
    checkMagic(trailer, ErrorCode.END_OF_FILE, "a complete Arrow file, which ends");
    if (footerBytes <= 0 || footerBytes > size - TRAILER_BYTES - MAGIC_PADDED_BYTES) {
      throw Malformed.of("a footer within " + size + " bytes", footerBytes + " bytes");
    }
    return read(size - TRAILER_BYTES - footerBytes, footerBytes);
  }

  private static void checkMagic(ByteBuffer bytes, ErrorCode code, String expected) {
    if (!bytes.equals(ByteBuffer.wrap(MAGIC))) {
      byte[] found = new byte[MAGIC.length];
      bytes.get(found);
      throw VineyardException.of(
          code,
          "expected %s with %s, got %s"
              .formatted(
                  expected,
                  new String(MAGIC, StandardCharsets.US_ASCII),
                  HexFormat.of().formatHex(found)));
    }
  }

  private ByteBuffer read(long position, int sizeBytes) throws IOException {
    ByteBuffer bytes = IpcMessages.littleEndian(sizeBytes);
    while (bytes.hasRemaining()) {
      int count = channel.read(bytes, position + bytes.position());
      if (count < 0) {
        throw VineyardException.of(
            ErrorCode.END_OF_FILE,
            "expected " + sizeBytes + " bytes at " + position + ", got " + bytes.position());
      }
    }
    return bytes.flip().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Returns the schema; columns with a dictionary have the type of their indices. */
  public Schema schema() {
    return schema.memory();
  }

  /** Returns how many batches there are. */
  public int batchCount() {
    return blocks.size();
  }

  /**
   * Returns a batch, which the caller closes.
   *
   * @param index which one, from 0
   * @throws VineyardException with {@link ErrorCode#ARROW_ERROR} if it is malformed, {@link
   *     ErrorCode#ALREADY_STOPPED} after {@link #close()}; of a file of 2 GiB or more also with
   *     {@link ErrorCode#IO_ERROR} if it can't be read, {@link ErrorCode#UNSUPPORTED} if the batch
   *     has that much, and {@link ErrorCode#LIMIT_REACHED} if no thread can be started to read it
   * @throws IndexOutOfBoundsException if there is no such batch
   */
  public RecordBatch batch(int index) {
    ArrowBlock block = blocks.get(Objects.checkIndex(index, blocks.size()));
    synchronized (dictionaries) {
      if (closed) {
        throw VineyardException.of(
            ErrorCode.ALREADY_STOPPED, "expected an open file, " + path + " was closed");
      }
    }
    return read(
        block,
        (message, body) -> {
          RecordBatch batch = RecordBatch.read(message, schema, body, shareDictionaries());
          return batch.checked().tracked(null);
        });
  }

  private DictionarySet shareDictionaries() {
    synchronized (dictionaries) {
      return dictionaries.share();
    }
  }

  private void readDictionary(ArrowBlock block) {
    read(
        block,
        (message, body) -> {
          dictionaries.apply(BatchMessages.readDictionary(message, schema, body));
          return true;
        });
  }

  private interface Reading<T> {
    T read(Message message, BatchLoader.Body body);
  }

  private <T> T read(ArrowBlock block, Reading<T> reading) {
    long at = block.getOffset();
    int metadataBytes = block.getMetadataLength();
    long bodyBytes = block.getBodyLength();
    if (at < MAGIC_PADDED_BYTES
        || metadataBytes < 2 * Integer.BYTES
        || bodyBytes < 0
        || at > dataBytes - metadataBytes
        || bodyBytes > dataBytes - metadataBytes - at) {
      throw Malformed.of(
          "a message within " + dataBytes + " bytes",
          metadataBytes + " and " + bodyBytes + " bytes at " + at);
    }
    try {
      ByteBuffer metadata = metadata(at, metadataBytes);
      int prefix =
          metadata.getInt(0) == IpcMessages.CONTINUATION ? 2 * Integer.BYTES : Integer.BYTES;
      Mapped mapped = map(at + metadataBytes, bodyBytes);
      ForeignMemory memory = new ForeignMemory(mapped::forget);
      try {
        return Malformed.guard(
            "message",
            () -> {
              Message message = Message.getRootAsMessage(metadata.position(prefix).slice());
              return reading.read(
                  message, new BodyBytes(message, memory, mapped.address(), bodyBytes));
            });
      } finally {
        memory.release();
      }
    } catch (IOException e) {
      throw IpcOutput.failed("reading " + path, e);
    }
  }

  private ByteBuffer metadata(long position, int sizeBytes) throws IOException {
    MappedByteBuffer all = whole;
    if (all == null) {
      return uninterrupted(() -> read(position, sizeBytes));
    }
    ByteBuffer bytes = IpcMessages.littleEndian(sizeBytes);
    return bytes.put(0, all, (int) position, sizeBytes);
  }

  private Mapped map(long position, long sizeBytes) throws IOException {
    MappedByteBuffer all = whole;
    if (all != null) {
      return new Mapped(all, Mapping.addressOf(all) + position);
    }
    if (sizeBytes > MOST_MAPPED_BYTES) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED,
          "expected batches of at most " + MOST_MAPPED_BYTES + " bytes, got " + sizeBytes);
    }
    MappedByteBuffer part =
        uninterrupted(() -> channel.map(FileChannel.MapMode.READ_ONLY, position, sizeBytes));
    return new Mapped(part, Mapping.addressOf(part));
  }

  /** Whoever is interrupted while he uses a channel closes it for all: so somebody else does. */
  private static <T> T uninterrupted(Callable<T> task) throws IOException {
    CompletableFuture<T> result = new CompletableFuture<>();
    try {
      MemoryThreads.executor().execute(() -> complete(result, task));
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      // The latter is how a JVM says that it cannot start a thread.
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED, "expected a thread to read a file: " + e.getMessage(), e);
    }
    try {
      return result.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof VineyardException typed) {
        throw typed;
      }
      throw new IOException(String.valueOf(e.getCause()), e);
    }
  }

  private static <T> void complete(CompletableFuture<T> result, Callable<T> task) {
    try {
      result.complete(task.call());
    } catch (Exception | OutOfMemoryError e) {
      result.completeExceptionally(e);
    }
  }

  /** Closes the file; batches that are open stay readable. Any call but the first does nothing. */
  @Override
  public void close() {
    synchronized (dictionaries) {
      if (closed) {
        return;
      }
      closed = true;
      Tracking.returned(this);
      dictionaries.close();
    }
    try {
      channel.close();
    } catch (IOException e) {
      throw IpcOutput.failed("closing " + path, e);
    }
  }

  @Override
  public String toString() {
    return path + " with " + blocks.size() + " batches of " + schema.memory().getFields();
  }

  /** A mapping, which lasts as long as its buffer is reachable. */
  private record Mapped(MappedByteBuffer buffer, long address) {
    /** Whoever will call this when nothing is used any more keeps it reachable until then. */
    void forget() {
      // the garbage collector unmaps
    }
  }
}
