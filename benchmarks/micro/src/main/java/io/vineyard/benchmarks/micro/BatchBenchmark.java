package io.vineyard.benchmarks.micro;

import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Vectors;
import io.vineyard.benchmarks.end.Work;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.Chunk;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.arrow.ChunkCodec;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.embedded.EmbeddedStore;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A batch of four columns: its making in shared memory, and its wrapping at the reader. */
@State(Scope.Thread)
public class BatchBenchmark {
  private static final Round ROUND = new Round(0, Work.HAND_OFF, 32 << 10, 0, 1);

  private final ObjectStore store = EmbeddedStore.create().open();
  private final RecordBatchStream stream =
      RecordBatchStream.create(store, StreamSpec.create()).block();
  private final StreamWriter<RecordBatch> writer = stream.writerNow();
  private final ChunkCodec.Decoder<RecordBatch> decoder = ChunkCodec.recordBatches().decoder();
  private ReusedChunk chunk = new ReusedChunk(null);
  private ByteBuffer preamble = ByteBuffer.allocate(0);

  /** Takes one chunk out of a stream. */
  @Setup
  public void takeChunk() throws InterruptedException {
    CountDownLatch arrived = new CountDownLatch(1);
    var reader = store.openReader(stream.id(), arrived::countDown).block();
    writer.emit(RecordBatch.of(Vectors.build(writer.allocator(), ROUND, 0))).block();
    reader.request(1);
    Chunk taken = reader.poll();
    while (taken == null) {
      Thread.onSpinWait();
      taken = reader.poll();
    }
    chunk = new ReusedChunk(taken);
    preamble = reader.preamble();
  }

  /** Builds a batch in the writer's memory, and gives it back. */
  @Benchmark
  public int build() {
    try (RecordBatch batch = RecordBatch.of(Vectors.build(writer.allocator(), ROUND, 1))) {
      return batch.rowCount();
    }
  }

  /** Wraps a chunk as vectors, reads a value and closes it. */
  @Benchmark
  public long wrap() {
    try (RecordBatch batch = decoder.decode(chunk, preamble)) {
      return batch.vectors().get(0).getDataBufferAddress();
    }
  }

  /** Gives all back. */
  @TearDown
  public void close() {
    chunk.end();
    writer.close();
    store.close();
  }

  /** A chunk that stays open when its batch is closed. */
  private record ReusedChunk(Chunk taken) implements Chunk {
    @Override
    public long position() {
      return taken.position();
    }

    @Override
    public ByteBuffer header() {
      return taken.header();
    }

    @Override
    public long dataBytes() {
      return taken.dataBytes();
    }

    @Override
    public long address(long offset, long sizeBytes) {
      return taken.address(offset, sizeBytes);
    }

    @Override
    public void close() {
      // the next one is the same
    }

    void end() {
      taken.close();
    }
  }
}
