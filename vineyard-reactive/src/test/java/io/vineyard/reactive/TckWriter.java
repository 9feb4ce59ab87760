package io.vineyard.reactive;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.Waits;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.process.ParentLines;
import java.nio.file.Path;
import reactor.core.publisher.Flux;

/** Writes streams that count up, here or in a JVM of its own. */
final class TckWriter {
  private TckWriter() {}

  /** Begins to write that many batches of one row. */
  static void write(RecordBatchStream stream, long elements) {
    stream
        .writer()
        .flatMap(
            writer ->
                writer.write(
                    Flux.range(0, (int) elements)
                        .map(i -> Batches.counting(writer.allocator(), i, 1))))
        .onErrorComplete()
        .subscribe();
  }

  /** For each number that the parent says, writes a stream of so many, and says its id. */
  public static void main(String[] arguments) {
    try (ObjectStore store = VineyardClient.create().socket(Path.of(arguments[0])).connectNow()) {
      ParentLines.say("ready");
      for (String line = ParentLines.hear(); line != null; line = ParentLines.hear()) {
        RecordBatchStream stream = Waits.value(RecordBatchStream.create(store));
        write(stream, Long.parseLong(line));
        ParentLines.say(line + " " + stream.id());
      }
    }
  }
}
