package io.vineyard.benchmarks.micro;

import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.core.AttachedClient;
import io.vineyard.store.core.EventSink;
import io.vineyard.store.core.StoreCore;
import io.vineyard.store.core.StoreLimits;
import io.vineyard.store.message.ChunkBody;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.nio.ByteBuffer;
import java.time.Clock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The tables of the store: a chunk that is published, delivered, released and reclaimed. */
@State(Scope.Thread)
public class WindowBenchmark implements EventSink {
  private static final long CAPACITY_BYTES = 1L << 30;
  private static final int HEADER_BYTES = 256;
  private static final int WINDOW = 256;
  private static final long WRITER = 2;
  private static final long READER = 3;

  private final ChunkBody body =
      new ChunkBody(ChunkBody.NONE, ChunkBody.NONE, 0, ByteBuffer.allocate(HEADER_BYTES));
  private final Command publish = new Command.Publish(WRITER, body);
  private final Command request = new Command.RequestChunks(READER, 1);
  private final StoreCore core =
      new StoreCore(
          StoreLimits.of(CAPACITY_BYTES, CAPACITY_BYTES),
          (bytes, done) -> {
            throw new IllegalStateException("expected chunks without segments");
          },
          Clock.systemUTC());
  private AttachedClient client;
  private long stream;
  private long position;
  private long delivered;

  /** Opens both ends of a stream, with half of its window in use. */
  @Setup
  public void open() {
    client = core.attach("window", this);
    client.handle(new Command.CreateStream(1, StreamSpec.create()));
    client.handle(new Command.OpenWriter(WRITER, stream));
    client.handle(new Command.OpenReader(READER, stream));
    client.handle(new Command.RequestChunks(READER, WINDOW / 2));
    for (int i = 0; i < WINDOW / 2; i++) {
      client.handle(publish);
    }
  }

  /** Takes one chunk through. */
  @Benchmark
  public long passChunk() {
    client.handle(new Command.ReleaseChunks(READER, new long[] {position++}));
    client.handle(request);
    client.handle(publish);
    return delivered;
  }

  @Override
  public void send(Event event) {
    if (event instanceof Event.Stream answer) {
      stream = answer.info().id().value();
    } else if (event instanceof Event.Delivered) {
      delivered++;
    }
  }

  @Override
  public void detached(VineyardException reason) {
    throw reason;
  }
}
