package io.vineyard.store.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.Blob;
import io.vineyard.store.BlobWriter;
import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkReader;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.Pattern;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.client.VineyardClient;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Much data from one process to another through a store in a third. Every byte is written, and
 * every byte is checked.
 *
 * <p>{@code -Dbig.stream.gib=20} sets how much goes through the stream.
 */
class BigTransferIT {
  private static final long MIB = 1 << 20;
  private static final long GIB = 1 << 30;
  private static final long SEGMENT_BYTES = 64 * MIB;

  /** What the ring of a window of 256 chunks takes. */
  private static final long RING_BYTES = 33 * 4096;

  private static final long WINDOW_BYTES = 64 * MIB;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private StoreProcess process;
  private ObjectStore store;

  @BeforeEach
  void start() {
    process = StoreProcess.start(4 * GIB, SEGMENT_BYTES);
    store = process.connectNow();
  }

  @AfterEach
  void nothingIsLeft() {
    Waits.untilIdle(store);
    store.close();
    process.disposeNow();
    process.close();
  }

  private ObjectId create() {
    StreamSpec spec = StreamSpec.create().windowBytes(WINDOW_BYTES);
    return Waits.value(store.createStream(spec)).id();
  }

  private String report(String what, long bytes, long begunNanos) {
    double seconds = (System.nanoTime() - begunNanos) / 1e9;
    StoreStatus status = Waits.value(store.status());
    return String.format(
        "%s: %.1f GiB in %.1f s, %.0f MB/s, peak of used store bytes %d MiB",
        what, bytes / (double) GIB, seconds, bytes / seconds / 1e6, status.peakBytes() / MIB);
  }

  @Test
  void streamOfManyTimesTheWindowIsWhole() {
    long bytes = Integer.getInteger("big.stream.gib", 20) * GIB;
    long chunks = bytes / MIB;
    ObjectId id = create();
    try (ChildJvm reader = ChildJvm.start(StreamReader.class, process.socket(), id)) {
      reader.expect("reading");
      long begun = System.nanoTime();
      pass(id, chunks, MIB, reader);
      System.out.println(report("a stream through a window of 64 MiB", bytes, begun));
    }
    assertThat(Waits.value(store.status()).peakBytes())
        .as("peak of used store bytes")
        .isLessThanOrEqualTo(WINDOW_BYTES + SEGMENT_BYTES + RING_BYTES);
  }

  @Test
  void chunkOfThreeGibibytesIsWhole() {
    ObjectId id = create();
    try (ChildJvm reader = ChildJvm.start(StreamReader.class, process.socket(), id)) {
      reader.expect("reading");
      long begun = System.nanoTime();
      pass(id, 1, 3 * GIB, reader);
      System.out.println(report("a chunk", 3 * GIB, begun));
    }
    assertThat(Waits.value(store.status()).peakBytes())
        .as("peak of used store bytes")
        .isLessThanOrEqualTo(3 * GIB + SEGMENT_BYTES + RING_BYTES);
  }

  private void pass(ObjectId id, long chunks, long sizeBytes, ChildJvm reader) {
    Semaphore room = new Semaphore(0);
    try (ChunkWriter writer = Waits.value(store.openWriter(id))) {
      writer.onRoom(room::release);
      for (long number = 0; number < chunks; number++) {
        while (!writer.hasRoom(sizeBytes)) {
          Waits.signal("room for a chunk", room);
        }
        SharedMemory.Allocation memory = writer.memory().allocate(sizeBytes);
        EveryByte.write(memory.address(), sizeBytes, number);
        assertThat(writer.tryPublish(Pattern.draftOf(writer, number, memory)))
            .isEqualTo(ChunkWriter.Result.OK);
      }
      writer.finish();
      assertThat(reader.expect("read", PATIENCE))
          .isEqualTo(chunks + " chunks, " + chunks * sizeBytes);
      writer.onDrained().block(PATIENCE);
    }
  }

  @Test
  void blobsOfEverySizeAreWholeInAnotherProcess() {
    long[] sizes = {0, 1, SEGMENT_BYTES + 5, 2 * GIB + 4097};
    try (ChildJvm reader = ChildJvm.start(BlobReader.class, process.socket())) {
      reader.expect("reading");
      long begun = System.nanoTime();
      for (long size : sizes) {
        ObjectId id = seal(size);
        reader.send(id + " " + size);
        assertThat(reader.expect("read", PATIENCE)).isEqualTo(String.valueOf(size));
        if (size > 0) {
          Waits.done(store.delete(id));
        }
      }
      System.out.println(report("blobs of up to 2 GiB and a page", sizes[2] + sizes[3], begun));
    }
  }

  private ObjectId seal(long size) {
    try (BlobWriter writer = store.createBlob(size).block(PATIENCE)) {
      EveryByte.write(writer.address(), size, size);
      return Waits.value(writer.seal());
    }
  }

  /** Reads a stream to its end. */
  static final class StreamReader {
    private StreamReader() {}

    public static void main(String[] arguments) throws InterruptedException {
      ParentLines.haltAtEnd();
      Path socket = Path.of(arguments[0]);
      ObjectId id = ObjectId.parse(arguments[1]);
      Semaphore available = new Semaphore(0);
      try (ObjectStore store = VineyardClient.create().socket(socket).connectNow();
          ChunkReader reader = Waits.value(store.openReader(id, available::release))) {
        reader.request(Long.MAX_VALUE);
        ParentLines.say("reading");
        read(reader, available);
      }
    }

    private static void read(ChunkReader reader, Semaphore available) throws InterruptedException {
      long chunks = 0;
      long bytes = 0;
      while (!reader.isEnded()) {
        Chunk chunk = reader.poll();
        if (chunk != null) {
          bytes += check(chunk, chunks++);
          chunk.close();
        } else if (!available.tryAcquire(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
          throw new AssertionError("expected chunk " + chunks + " within " + PATIENCE);
        }
      }
      if (reader.failure() != null) {
        throw reader.failure();
      }
      ParentLines.say("read " + chunks + " chunks, " + bytes);
    }

    private static long check(Chunk chunk, long expected) {
      ByteBuffer header = chunk.header();
      long size = header.getLong(8);
      long number = header.getLong(16);
      if (chunk.position() != expected || number != expected) {
        throw new AssertionError(
            "expected chunk " + expected + ", got " + number + " at " + chunk.position());
      }
      EveryByte.check(chunk.address(header.getLong(0), size), size, number);
      return size;
    }
  }

  /** Reads the blobs that it is told of. */
  static final class BlobReader {
    private BlobReader() {}

    public static void main(String[] arguments) {
      Path socket = Path.of(arguments[0]);
      try (ObjectStore store = VineyardClient.create().socket(socket).connectNow()) {
        ParentLines.say("reading");
        for (String line = ParentLines.hear(); line != null; line = ParentLines.hear()) {
          String[] words = line.split(" ", 2);
          try (Blob blob = store.getBlob(ObjectId.parse(words[0])).block(PATIENCE)) {
            long size = Long.parseLong(words[1]);
            EveryByte.check(blob.address(), size, size);
            ParentLines.say("read " + blob.sizeBytes());
          }
        }
      }
    }
  }
}
