package io.vineyard.store.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkReader;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.Pattern;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.WriterDriver;
import io.vineyard.store.client.VineyardClient;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** A process that closes its client and ends at once, as programs do. */
class LastWordsIT {
  private static final int CHUNKS = 20;

  @Test
  void whatAProcessSaidBeforeItEndedArrives() {
    try (StoreProcess process = StoreProcess.start(16 << 20, 1 << 20);
        ObjectStore store = process.connectNow()) {
      ObjectId id = Waits.value(store.createStream(StreamSpec.create())).id();
      try (ChildJvm writer = ChildJvm.start(Writer.class, process.socket(), id)) {
        assertThat(writer.awaitExit()).isZero();
      }
      try (ChildJvm reader = ChildJvm.start(Reader.class, process.socket(), id)) {
        reader.expect("finished");
        assertThat(reader.awaitExit()).isZero();
      }
      // Not drained, the stream would wait for a reader of what was not released.
      Waits.untilIdle(store);
    }
  }

  /** Writes, finishes, and is gone. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] arguments) {
      try (ObjectStore store = VineyardClient.create().socket(Path.of(arguments[0])).connectNow();
          WriterDriver writer = WriterDriver.open(store, ObjectId.parse(arguments[1]))) {
        writer.publish(CHUNKS, 1000);
        writer.writer().finish();
      }
      Runtime.getRuntime().halt(0);
    }
  }

  /** Reads to the end, and is gone; the thread that speaks to the store is a slow one. */
  static final class Reader {
    private static final long SLOW_NANOS = 30_000_000;

    private Reader() {}

    public static void main(String[] arguments) {
      ObjectId id = ObjectId.parse(arguments[1]);
      try (ObjectStore store = VineyardClient.create().socket(Path.of(arguments[0])).connectNow();
          ChunkReader reader =
              Waits.value(store.openReader(id, () -> LockSupport.parkNanos(SLOW_NANOS)))) {
        reader.request(Long.MAX_VALUE);
        Waits.until(
            "the end",
            () -> {
              for (Chunk chunk = reader.poll(); chunk != null; chunk = reader.poll()) {
                Pattern.number(chunk);
                chunk.close();
              }
              return reader.isEnded();
            });
        ParentLines.say(reader.failure() == null ? "finished" : "failed " + reader.failure());
      }
      Runtime.getRuntime().halt(0);
    }
  }
}
