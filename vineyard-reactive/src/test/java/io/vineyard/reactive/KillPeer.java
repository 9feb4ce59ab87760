package io.vineyard.reactive;

import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.process.ParentLines;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The other end of a stream, in a process that is to be killed, or that loses its store. */
final class KillPeer {
  static final int ROWS = 1024;

  /** How many batches a reader holds at a time. */
  static final int HELD = 8;

  private KillPeer() {}

  /** Batches without end, of which each holds its own number in all rows and the next ones. */
  static Flux<RecordBatch> endless(StreamWriter<RecordBatch> writer) {
    return Flux.<Long, Long>generate(
            () -> 0L,
            (number, sink) -> {
              sink.next(number);
              return number + 1;
            })
        .map(number -> Batches.counting(writer.allocator(), number, ROWS));
  }

  /** Returns the number of a batch, and closes it; fails if any value is wrong. */
  static long number(RecordBatch batch) {
    try (batch) {
      ByteBuffer values = batch.values(Batches.COLUMN);
      long first = values.getLong(0);
      for (int row = 0; row < ROWS; row++) {
        if (values.getLong(row * Long.BYTES) != first + row) {
          throw new AssertionError("expected " + ROWS + " rows from " + first + ", got " + batch);
        }
      }
      return first;
    }
  }

  /**
   * For each line "write SOCKET STREAM" or "read SOCKET STREAM" does so until it can't go on; then
   * says when it was told, as of nanoTime, and what.
   */
  public static void main(String[] arguments) throws InterruptedException {
    ParentLines.say("ready");
    for (String line = ParentLines.hear(); line != null; line = ParentLines.hear()) {
      String[] words = line.split(" ", 3);
      try (ObjectStore store = VineyardClient.create().socket(Path.of(words[1])).connectNow()) {
        RecordBatchStream stream =
            Waits.value(RecordBatchStream.open(store, ObjectId.parse(words[2])));
        CountDownLatch told = new CountDownLatch(1);
        (words[0].equals("write") ? write(stream) : read(stream))
            .doOnError(KillPeer::say)
            .onErrorComplete()
            .doFinally(signal -> told.countDown())
            .subscribe();
        told.await();
      }
      ParentLines.say("closed");
    }
  }

  private static Mono<Void> write(RecordBatchStream stream) {
    return stream
        .writer()
        .doOnNext(writer -> ParentLines.say("busy"))
        .flatMap(writer -> writer.write(endless(writer)));
  }

  /** Holds some batches all the time. */
  private static Mono<Void> read(RecordBatchStream stream) {
    Queue<RecordBatch> held = new ArrayDeque<>();
    return stream
        .reader()
        .doOnNext(
            batch -> {
              held.add(batch);
              if (held.size() == HELD) {
                ParentLines.say("busy");
              }
              if (held.size() > HELD) {
                number(held.remove());
              }
            })
        .doFinally(signal -> held.forEach(KillPeer::number))
        .then();
  }

  private static void say(Throwable error) {
    long now = System.nanoTime();
    ParentLines.say(
        "told " + now + " " + (error instanceof VineyardException typed ? typed.code() : error));
  }
}
