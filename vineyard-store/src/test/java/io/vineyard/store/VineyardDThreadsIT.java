package io.vineyard.store;

import static io.vineyard.store.BlobContract.code;
import static io.vineyard.store.Waits.done;
import static io.vineyard.store.Waits.value;
import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ChunkWriter.Result;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Streams of a Vineyard server for which this process has no more threads. */
@SuppressWarnings("try")
class VineyardDThreadsIT extends VineyardDFixture {
  /** Has those of Reactor's threads that may wait refuse what they are given. */
  private static final class NoThreads implements AutoCloseable {
    private final Schedulers.Snapshot before;

    NoThreads() {
      before =
          Schedulers.setFactoryWithSnapshot(
              new Schedulers.Factory() {
                @Override
                public Scheduler newBoundedElastic(
                    int mostThreads, int mostTasks, ThreadFactory threads, int ttlSeconds) {
                  return new Refusing();
                }
              });
    }

    @Override
    public void close() {
      Schedulers.resetFrom(before);
    }
  }

  private static final class Refusing implements Scheduler {
    @Override
    public Disposable schedule(Runnable task) {
      throw Exceptions.failWithRejected();
    }

    @Override
    public Disposable schedule(Runnable task, long delay, TimeUnit unit) {
      throw Exceptions.failWithRejected();
    }

    @Override
    public Worker createWorker() {
      throw Exceptions.failWithRejected();
    }
  }

  private static void assertFailed(WriterDriver writer) {
    Waits.until("a failed writer", () -> writer.writer().failure() != null);
    assertThat(writer.writer().failure()).satisfies(code(ErrorCode.LIMIT_REACHED));
    done(writer.writer().onDrained());
    assertThat(writer.writer().outstandingChunks()).isZero();
    assertThat(writer.offer(10)).isEqualTo(Result.CANCELLED);
  }

  @Test
  void writerWithoutAThreadFailsAndIsDrained() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      try (NoThreads none = new NoThreads()) {
        assertThat(writer.offer(10)).isEqualTo(Result.OK);
        assertFailed(writer);
      }
    }
    done(store().delete(id));
  }

  @Test
  void writerThatCanNotTryAgainFailsAndIsDrained() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        BlobWriter most = value(other().createBlob(value(other().status()).freeBytes()))) {
      writer.publish(1000);
      Waits.until("a chunk that waits", () -> writer.writer().outstandingChunks() == 1);
      try (NoThreads none = new NoThreads()) {
        assertFailed(writer);
      }
      most.abort();
    }
    done(store().delete(id));
  }

  @Test
  void readerWithoutAThreadFails() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, 1)) {
      writer.publish(20, 10);
      Waits.until("20 published", () -> writer.writer().outstandingChunks() == 0);
      try (NoThreads none = new NoThreads()) {
        reader.reader().request(Long.MAX_VALUE);
        for (Chunk chunk = reader.take(); chunk != null; chunk = reader.take()) {
          chunk.close();
        }
      }
      assertThat(reader.reader().failure()).satisfies(code(ErrorCode.LIMIT_REACHED));
    }
    done(store().delete(id));
  }
}
