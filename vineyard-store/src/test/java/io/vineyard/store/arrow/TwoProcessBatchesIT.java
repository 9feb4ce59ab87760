package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.ReaderDriver;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.format.Allocators;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.process.ChildJvm;
import io.vineyard.store.process.ParentLines;
import io.vineyard.store.process.StoreProcess;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Batches that this process writes into the store of a second one come out in a third one exactly
 * as that makes them itself from the same seed.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TwoProcessBatchesIT {
  private static final long SEED = 20_240_229;

  private final BufferAllocator ordinary = new RootAllocator();
  private final long viewsBefore = Allocators.VIEWS.getAllocatedMemory();
  private StoreProcess process;
  private ChildJvm reader;
  private ObjectStore store;

  @BeforeAll
  void start() {
    process = StoreProcess.start(64 << 20, 4 << 20);
    store = process.connectNow();
    reader = ChildJvm.start(Reader.class, process.socket());
    reader.expect("ready");
  }

  @AfterAll
  void end() {
    reader.endInput();
    assertThat(reader.awaitExit()).isZero();
    reader.close();
    store.close();
    process.disposeNow();
    process.close();
    assertThat(ordinary.getAllocatedMemory()).isZero();
    ordinary.close();
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
  }

  @ParameterizedTest
  @EnumSource
  void batchesOfAStreamComeOutAsTheyWereMadeInPlace(BatchScript script) {
    assertStream(script, SEED, true);
  }

  @ParameterizedTest
  @EnumSource
  void batchesOfAStreamComeOutAsTheyWereMadeByACopy(BatchScript script) {
    assertStream(script, SEED, false);
  }

  @ParameterizedTest
  @CsvSource({"1,true", "2,false", "3,true", "4,false", "5,true", "6,false", "7,true", "8,false"})
  void randomColumnsComeOutAsTheyWereMade(long seed, boolean inPlace) {
    assertStream(BatchScript.COLUMNS, seed, inPlace);
  }

  @Test
  void objectsComeOutAsTheyWerePut() {
    for (BatchScript script : BatchScript.values()) {
      reader.send("objects " + script + " " + SEED);
      RandomBatches random = new RandomBatches(SEED, ordinary);
      for (Function<RandomBatches, RecordBatch> step : script.steps(new Random(SEED))) {
        try (RecordBatch batch = step.apply(random)) {
          ObjectId id = Waits.value(store.put(batch));
          reader.send(id.toString());
          reader.expect("same");
          Waits.done(store.delete(id));
        }
      }
      reader.send("");
      reader.expect("none left");
    }
    Waits.untilIdle(store);
  }

  private void assertStream(BatchScript script, long seed, boolean inPlace) {
    ObjectId stream = Waits.value(store.createStream(StreamSpec.create())).id();
    reader.send("stream " + script + " " + seed + " " + inPlace + " " + stream);
    int sent = 0;
    try (ChunkWriter writer = Waits.value(store.openWriter(stream));
        BufferAllocator shared = ChunkCodec.allocator(writer.memory());
        ChunkCodec.Encoder<RecordBatch> encoder = script.codec().encoder(writer)) {
      RandomBatches random = new RandomBatches(seed, ordinary);
      for (Function<RandomBatches, RecordBatch> step : script.steps(new Random(seed))) {
        RecordBatch made = step.apply(random);
        publish(writer, encoder, inPlace ? moved(made, shared) : made);
        sent++;
      }
      writer.finish();
      assertThat(reader.expect("same")).isEqualTo(sent + " batches");
      reader.expect("none left");
      Waits.done(writer.onDrained());
    }
    Waits.untilIdle(store);
  }

  private static RecordBatch moved(RecordBatch batch, BufferAllocator target) {
    try (batch) {
      return batch.copyTo(target);
    }
  }

  private static void publish(
      ChunkWriter writer, ChunkCodec.Encoder<RecordBatch> encoder, RecordBatch batch) {
    encoder.check(batch);
    Waits.until(
        "room for a chunk in " + writer.stream(),
        () -> {
          if (writer.roomChunks() == 0) {
            return false;
          }
          ChunkCodec.Encoded encoded = encoder.tryEncode(batch);
          if (encoded == null) {
            return false;
          }
          if (writer.tryPublish(encoded.draft()) == ChunkWriter.Result.OK) {
            batch.close();
            return true;
          }
          encoded.discard();
          return false;
        });
  }

  /** Runs in the child: makes the same batches, and compares. */
  static final class Reader {
    private static final BufferAllocator OWN = new RootAllocator();

    private Reader() {}

    public static void main(String[] arguments) {
      try (ObjectStore store = VineyardClient.create().socket(Path.of(arguments[0])).connectNow()) {
        ParentLines.say("ready");
        for (String line = ParentLines.hear(); line != null; line = ParentLines.hear()) {
          String[] words = line.split(" ", -1);
          BatchScript script = BatchScript.valueOf(words[1]);
          long seed = Long.parseLong(words[2]);
          if (words[0].equals("objects")) {
            compareObjects(store, script, seed);
          } else {
            boolean inPlace = Boolean.parseBoolean(words[3]);
            compareStream(
                ReaderDriver.open(store, ObjectId.parse(words[4]), 4), script, seed, inPlace);
          }
          long left = OWN.getAllocatedMemory() + Allocators.VIEWS.getAllocatedMemory();
          ParentLines.say(left == 0 ? "none left" : left + " bytes left");
        }
      }
    }

    private static void compareStream(
        ReaderDriver driver, BatchScript script, long seed, boolean inPlace) {
      RandomBatches random = new RandomBatches(seed, OWN);
      List<Function<RandomBatches, RecordBatch>> steps = script.steps(new Random(seed));
      ChunkCodec.Decoder<RecordBatch> decoder = script.codec().decoder();
      try (driver) {
        for (Function<RandomBatches, RecordBatch> step : steps) {
          driver.reader().request(1);
          Chunk chunk = driver.next();
          try (RecordBatch expected = step.apply(random);
              RecordBatch actual = decoder.decode(chunk, driver.reader().preamble())) {
            assertSame(expected, actual);
            boolean mayHaveDictionaries = script == BatchScript.DICTIONARIES;
            boolean isCopied = !inPlace && expected.sizeBytes() > 0;
            assertThat(actual.wasCopied() == isCopied || mayHaveDictionaries).isTrue();
          }
        }
        assertThat(driver.end()).isNull();
      }
      ParentLines.say("same " + steps.size() + " batches");
    }

    private static void compareObjects(ObjectStore store, BatchScript script, long seed) {
      RandomBatches random = new RandomBatches(seed, OWN);
      List<Function<RandomBatches, RecordBatch>> steps = script.steps(new Random(seed));
      int next = 0;
      for (String line = ParentLines.hear(); !line.isEmpty(); line = ParentLines.hear()) {
        try (RecordBatch expected = steps.get(next++).apply(random);
            RecordBatch actual = Waits.value(store.get(ObjectId.parse(line), RecordBatch.LAYOUT))) {
          assertSame(expected, actual);
        }
        ParentLines.say("same");
      }
      assertThat(next).isEqualTo(steps.size());
    }

    private static void assertSame(RecordBatch expected, RecordBatch actual) {
      assertThat(actual.schema()).isEqualTo(expected.schema());
      assertThat(actual.rowCount()).isEqualTo(expected.rowCount());
      for (int i = 0; i < expected.columnCount(); i++) {
        assertThat(EveryValue.read(actual.vector(i)))
            .as("characters of %s", expected.vector(i))
            .isEqualTo(EveryValue.read(expected.vector(i)));
      }
      assertThat(actual.hasSameContent(expected))
          .as("expected %s%nactual %s", expected, actual)
          .isTrue();
    }
  }
}
