package io.vineyard.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreLostException;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.WriterLostException;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.process.ChildJvm;
import io.vineyard.store.process.StoreProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;

/** Kills writers, readers and stores at random moments, under load. */
class KillIT {
  private static final int ROUNDS = 20;
  private static final int MOST_RUN_MILLIS = 60;

  /** Of three in four; the others may have had to wait for whoever else uses this machine. */
  private static final double MOST_MILLIS = 100;

  private static final long CAPACITY_BYTES = 64L << 20;
  private static final long SEGMENT_BYTES = 1L << 20;
  private static final StreamSpec SPEC = StreamSpec.create().windowChunks(64);

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final List<Long> delays = new ArrayList<>();

  @Test
  void readersOfAKilledWriterGetAllThatItSealed() {
    try (StoreProcess process = StoreProcess.start(CAPACITY_BYTES, SEGMENT_BYTES);
        ObjectStore store = process.connectNow()) {
      killWriter(process, store);
      delays.clear();
      long descriptors = process.child().descriptors();
      for (int round = 0; round < ROUNDS; round++) {
        killWriter(process, store);
        Waits.untilIdle(store);
      }
      untilDescriptors(process, descriptors);
    }
    report("a reader was told of a killed writer");
  }

  private void killWriter(StoreProcess process, ObjectStore store) {
    RecordBatchStream stream = Waits.value(RecordBatchStream.create(store, SPEC));
    AtomicLong count = new AtomicLong();
    CompletableFuture<Long> told = new CompletableFuture<>();
    CompletableFuture<Throwable> cause = new CompletableFuture<>();
    stream
        .reader(KillPeer::number)
        .subscribe(
            number -> expectNext(count, number),
            error -> {
              told.complete(System.nanoTime());
              cause.complete(error);
            });
    try (ChildJvm writer = start("write", process, stream)) {
      run();
      long published = Waits.value(stream.info()).publishedChunks();
      long killed = writer.kill();
      assertThat(cause).succeedsWithin(Waits.PATIENCE).isInstanceOf(WriterLostException.class);
      delays.add(told.join() - killed);
      assertThat(count.get()).as("batches with seed %d", seed).isGreaterThanOrEqualTo(published);
    }
  }

  @Test
  void batchesOfAKilledReaderGoToTheNextAndTheWriterGoesOn() {
    try (StoreProcess process = StoreProcess.start(CAPACITY_BYTES, SEGMENT_BYTES);
        ObjectStore store = process.connectNow()) {
      killReaders(process, store, 1);
      long descriptors = process.child().descriptors();
      delays.clear();
      killReaders(process, store, ROUNDS);
      untilDescriptors(process, descriptors);
    }
    report("the leases of a killed reader were back");
  }

  /** Kills readers of one stream, and leaves an empty store. */
  private void killReaders(StoreProcess process, ObjectStore store, int rounds) {
    RecordBatchStream stream = Waits.value(RecordBatchStream.create(store, SPEC));
    StreamWriter<RecordBatch> writer = stream.writerNow();
    Disposable writing = writer.write(KillPeer.endless(writer)).subscribe();
    readSome(stream);
    for (int round = 0; round < rounds; round++) {
      killReader(process, stream);
    }
    writing.dispose();
    writer.tryEmitComplete();
    stream.reader(KillPeer::number).blockLast(Waits.PATIENCE);
    writer.close();
    Waits.untilIdle(store);
  }

  private void killReader(StoreProcess process, RecordBatchStream stream) {
    try (ChildJvm reader = start("read", process, stream)) {
      run();
      assertThat(Waits.value(stream.info()).leasedChunks()).isGreaterThanOrEqualTo(KillPeer.HELD);
      long killed = reader.kill();
      Waits.until("no lease", () -> Waits.value(stream.info()).leasedChunks() == 0);
      delays.add(System.nanoTime() - killed);
    }
    readSome(stream);
  }

  /** Checks that the stream goes on with what was not released, and with many more. */
  private void readSome(RecordBatchStream stream) {
    StreamInfo info = Waits.value(stream.info());
    AtomicLong next = new AtomicLong(info.releasedChunks());
    long more = 4L * info.spec().windowChunks();
    stream
        .reader(KillPeer::number)
        .take(more)
        .doOnNext(number -> expectNext(next, number))
        .blockLast(Waits.PATIENCE);
    assertThat(next).hasValue(info.releasedChunks() + more);
    Waits.until("no lease", () -> Waits.value(stream.info()).leasedChunks() == 0);
  }

  @Test
  void bothEndsAreToldOfAKilledStoreAndKeepWhatTheyHold() throws IOException {
    List<Long> readerDelays = new ArrayList<>();
    try (ChildJvm reader = ChildJvm.start(KillPeer.class)) {
      reader.expect("ready");
      killStore(reader, readerDelays);
      delays.clear();
      readerDelays.clear();
      long own = openDescriptors();
      long readers = reader.descriptors();
      for (int round = 0; round < ROUNDS; round++) {
        killStore(reader, readerDelays);
      }
      Waits.until("descriptors here as before", () -> openDescriptors() <= own);
      Waits.until("descriptors of the reader as before", () -> reader.descriptors() <= readers);
      reader.endInput();
      assertThat(reader.awaitExit()).isZero();
    }
    report("a writer was told of a killed store");
    delays.clear();
    delays.addAll(readerDelays);
    report("a reader was told of a killed store");
  }

  private void killStore(ChildJvm reader, List<Long> readerDelays) {
    try (StoreProcess process = StoreProcess.start(CAPACITY_BYTES, SEGMENT_BYTES);
        ObjectStore store = process.connectNow();
        RecordBatch mine = Batches.counting(Batches.FOREIGN, 1, KillPeer.ROWS)) {
      ObjectId id = Waits.value(store.put(mine));
      RecordBatch held = Waits.value(store.get(id, RecordBatch.LAYOUT));
      RecordBatchStream stream = Waits.value(RecordBatchStream.create(store, SPEC));
      StreamWriter<RecordBatch> writer = stream.writerNow();
      CompletableFuture<Long> told = new CompletableFuture<>();
      CompletableFuture<Throwable> cause = new CompletableFuture<>();
      writer
          .write(KillPeer.endless(writer))
          .subscribe(
              done -> {},
              error -> {
                told.complete(System.nanoTime());
                cause.complete(error);
              });
      reader.send("read " + process.socket() + " " + stream.id());
      reader.expect("busy");
      run();
      long killed = process.child().kill();
      assertThat(cause).succeedsWithin(Waits.PATIENCE).isInstanceOf(StoreLostException.class);
      delays.add(told.join() - killed);
      String[] readersWords = reader.await("told").split(" ", 2);
      readerDelays.add(Long.parseLong(readersWords[0]) - killed);
      assertThat(readersWords[1]).isEqualTo(ErrorCode.STORE_LOST.name());
      reader.expect("closed");
      assertThat(KillPeer.number(held)).isEqualTo(1);
      writer.close();
    }
  }

  private ChildJvm start(String role, StoreProcess process, RecordBatchStream stream) {
    ChildJvm peer = ChildJvm.start(KillPeer.class);
    peer.expect("ready");
    peer.send(role + " " + process.socket() + " " + stream.id());
    peer.expect("busy");
    return peer;
  }

  /** Lets everybody work for a random while. */
  private void run() {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(MOST_RUN_MILLIS)));
  }

  private static void expectNext(AtomicLong next, long number) {
    if (!next.compareAndSet(number, number + 1)) {
      throw new AssertionError("expected batch " + next + ", got " + number);
    }
  }

  private static void untilDescriptors(StoreProcess process, long most) {
    Waits.until(
        () -> most + " descriptors of the store, there are " + process.child().descriptors(),
        () -> process.child().descriptors() <= most);
  }

  private static long openDescriptors() {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void report(String what) {
    Collections.sort(delays);
    double median = delays.get(delays.size() / 2) / 1e6;
    System.out.printf(
        "%s %d times: median %.1f ms, maximum %.1f ms%n",
        what, delays.size(), median, delays.get(delays.size() - 1) / 1e6);
    assertThat(delays).hasSize(ROUNDS);
    assertThat(delays.get(delays.size() * 3 / 4) / 1e6).isLessThanOrEqualTo(MOST_MILLIS);
  }
}
