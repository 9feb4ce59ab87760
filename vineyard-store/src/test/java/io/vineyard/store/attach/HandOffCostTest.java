package io.vineyard.store.attach;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkReader;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.BatchBuilder;
import io.vineyard.store.arrow.ChunkCodec;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.core.AttachedClient;
import io.vineyard.store.core.EventSink;
import io.vineyard.store.core.StoreCore;
import io.vineyard.store.core.StoreLimits;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/**
 * What a chunk costs, in what can be counted on any machine: messages, round trips, native calls
 * for memory, copies, and garbage.
 *
 * <p>Each message is a frame, and costs a system call to send and one to receive at most; nothing
 * else on the way of a chunk makes one.
 */
class HandOffCostTest {
  private static final long SEGMENT_BYTES = 1 << 22;
  private static final int ROWS = 128;
  private static final int CHUNKS = 10_000;
  private static final int ROUNDS = 20;
  private static final Schema SCHEMA =
      new Schema(
          IntStream.range(0, 4)
              .mapToObj(
                  i -> new Field("c" + i, FieldType.notNullable(new ArrowType.Int(64, true)), null))
              .toList());

  /** A link to tables in this JVM that remembers what went through it. */
  private static final class CountingLink implements Link, EventSink {
    private final ExecutorService loop = Executors.newSingleThreadExecutor();
    private final StoreCore core =
        new StoreCore(
            StoreLimits.of(1 << 26, SEGMENT_BYTES),
            (bytes, done) -> done.complete(Segment.create("counted", bytes), null),
            Clock.systemUTC());
    private final AttachedClient client = core.attach("counting", this);
    final Queue<Command> commands = new ConcurrentLinkedQueue<>();
    final Queue<Event> events = new ConcurrentLinkedQueue<>();
    private Events taker;

    @Override
    public void start(Events events) {
      taker = events;
    }

    @Override
    public void send(Command command) {
      commands.add(command);
      loop.execute(() -> client.handle(command));
    }

    @Override
    public void send(Event event) {
      events.add(event);
      event.accept(taker);
    }

    @Override
    public void execute(Runnable task) {
      loop.execute(task);
    }

    @Override
    public void detached(VineyardException reason) {}

    @Override
    public void close() {
      loop.execute(core::close);
      loop.shutdown();
    }

    @Override
    public Mono<ObjectStore> fork() {
      return Mono.error(new UnsupportedOperationException());
    }

    @Override
    public String describe() {
      return "a store that counts";
    }
  }

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final int segments = Segment.openCount();
  private final int mappings = Mapping.openCount();
  private final CountingLink link = new CountingLink();
  private final ObjectStore store = AttachedStore.attach(link, SEGMENT_BYTES);
  private final List<RecordBatch> received = new ArrayList<>();
  private ObjectId stream;
  private ChunkWriter writer;
  private ChunkReader reader;
  private BufferAllocator allocator;
  private BatchBuilder batches;
  private ChunkCodec.Encoder<RecordBatch> encoder;
  private ChunkCodec.Decoder<RecordBatch> decoder;
  private ByteBuffer preamble;
  private long copiedBytes;
  private long writtenGarbage;
  private long readGarbage;

  @BeforeEach
  void open() {
    stream = Waits.value(store.createStream(StreamSpec.create())).id();
    writer = Waits.value(store.openWriter(stream));
    reader = Waits.value(store.openReader(stream, () -> {}));
    reader.request(Long.MAX_VALUE);
    allocator = ChunkCodec.allocator(writer.memory());
    batches = BatchBuilder.of(SCHEMA, allocator);
    encoder = ChunkCodec.recordBatches().encoder(writer);
    decoder = ChunkCodec.recordBatches().decoder();
  }

  @AfterEach
  void nothingIsLeft() {
    writer.finish();
    encoder.close();
    reader.close();
    Waits.done(writer.onDrained());
    assertThat(allocator.getAllocatedMemory()).isZero();
    allocator.close();
    writer.close();
    Waits.done(store.delete(stream).onErrorComplete());
    store.close();
    Waits.until("no segments", () -> Segment.openCount() == segments);
    Waits.until("no mappings", () -> Mapping.openCount() == mappings);
  }

  private long allocated() {
    return threads.getCurrentThreadAllocatedBytes();
  }

  /** Passes chunks through the stream, as many at a time as the window takes. */
  private void pass(int chunks) {
    for (int passed = 0; passed < chunks; ) {
      long begun = allocated();
      int written = write(chunks - passed); // 0 while a thread takes chunks back
      long between = allocated();
      read(written);
      writtenGarbage += between - begun;
      readGarbage += allocated() - between;
      passed += written;
    }
  }

  private int write(int most) {
    int written = 0;
    while (written < most && writer.hasRoom(ROWS * 4L * Long.BYTES)) {
      int number = written;
      RecordBatch batch =
          batches.build(ROWS, columns -> ((BigIntVector) columns.get(0)).set(0, number));
      ChunkCodec.Encoded encoded = encoder.tryEncode(batch);
      copiedBytes += encoded.copiedBytes();
      if (writer.tryPublish(encoded.draft()) != ChunkWriter.Result.OK) {
        throw new AssertionError("expected room, as there was before");
      }
      batch.close();
      written++;
    }
    return written;
  }

  private void read(int chunks) {
    receive(chunks);
    received.forEach(RecordBatch::close);
    received.clear();
  }

  private void receive(int chunks) {
    while (received.size() < chunks) {
      Chunk chunk = reader.poll();
      if (chunk == null) {
        Thread.onSpinWait(); // the schema of the first one comes another way
      } else {
        preamble = preamble == null ? reader.preamble() : preamble;
        received.add(decoder.decode(chunk, preamble));
      }
    }
  }

  @Test
  void thousandChunksTakeFewMessagesAndNoRoundTrip() {
    pass(1000);
    link.commands.clear();
    link.events.clear();
    int mapped = Mapping.openCount();
    int open = Segment.openCount();
    pass(CHUNKS);
    assertThat(link.commands).hasOnlyElementsOfType(Command.Wake.class);
    assertThat(link.events).hasOnlyElementsOfType(Event.Wake.class);
    assertThat(link.commands.size() * 1000 / CHUNKS).as("commands, of 1,000 chunks").isLessThan(30);
    assertThat(link.events.size() * 1000 / CHUNKS).as("events, of 1,000 chunks").isLessThan(30);
    assertThat(copiedBytes).as("copied bytes").isZero();
    assertThat(Mapping.openCount()).as("mappings").isEqualTo(mapped);
    assertThat(Segment.openCount()).as("segments").isEqualTo(open);
  }

  @Test
  void readerThatSpinsIsNotWoken() {
    pass(1);
    link.events.clear();
    AtomicInteger read = new AtomicInteger();
    CompletableFuture<Void> reading =
        CompletableFuture.runAsync(
            () -> {
              while (read.get() < 1000) {
                reader.spin(Waits.PATIENCE.toNanos());
                read(1);
                read.incrementAndGet();
              }
            });
    for (int i = 1; i <= 1000; i++) {
      int count = i;
      Waits.until("room", () -> write(1) == 1);
      Waits.until("the reader has it", () -> read.get() == count);
    }
    reading.join();
    Event wake = new Event.Wake(((ReaderEnd) reader).handle());
    assertThat(link.events.stream().filter(wake::equals))
        .as("wakes of the reader")
        .hasSizeLessThan(10);
  }

  @Test
  void writerIsNotWokenForAReaderThatHasMoreToRead() {
    reader.close();
    reader = Waits.value(store.openReader(stream, () -> {}));
    write(Integer.MAX_VALUE);
    link.commands.clear();
    for (int i = 0; i < 1000; i++) {
      reader.request(1);
      receive(1);
      assertThat(reader.poll()).isNull();
      read(1);
      Waits.until("room", () -> write(2) > 0); // and then waits, as there is none
    }
    Command wake = new Command.Wake(((ReaderEnd) reader).handle());
    long wakes = link.commands.stream().filter(wake::equals).count();
    reader.request(Long.MAX_VALUE);
    read((int) writer.outstandingChunks());
    assertThat(wakes).as("wakes of the writer, but for those after 5 ms").isLessThan(300);
  }

  @Test
  void chunkLeavesLittleGarbageOnEitherSide() {
    long written = Long.MAX_VALUE;
    long read = Long.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      writtenGarbage = 0;
      readGarbage = 0;
      pass(CHUNKS);
      // The compiler leaves out what it can see through, when it has come to it.
      written = Math.min(written, writtenGarbage / CHUNKS);
      read = Math.min(read, readGarbage / CHUNKS);
    }
    System.out.printf(
        "garbage of a chunk of 4 columns: %d bytes at its writer, %d bytes at its reader%n",
        written, read);
    assertThat(written).as("bytes of a chunk, at its writer").isLessThan(2048);
    assertThat(read).as("bytes of a chunk, at its reader").isLessThan(2048);
  }
}
