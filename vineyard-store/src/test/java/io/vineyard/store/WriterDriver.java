package io.vineyard.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ChunkWriter.Result;
import java.util.concurrent.Semaphore;

/** A writer of {@link Pattern} chunks that are numbered from 0. */
public final class WriterDriver implements AutoCloseable {
  private final ChunkWriter writer;
  private final Semaphore room = new Semaphore(0);
  private long next;

  private WriterDriver(ChunkWriter writer) {
    this.writer = writer;
    writer.onRoom(room::release);
  }

  /** Opens the writing end of a stream. */
  public static WriterDriver open(ObjectStore store, ObjectId stream) {
    return new WriterDriver(Waits.value(store.openWriter(stream)));
  }

  /** Returns the writer that is driven. */
  public ChunkWriter writer() {
    return writer;
  }

  /** Returns the number of the next chunk. */
  public long next() {
    return next;
  }

  /** Has a writer that follows another go on with its numbers. */
  public WriterDriver startAt(long number) {
    next = number;
    return this;
  }

  /** Offers the next chunk once; what is not accepted is freed. */
  public Result offer(long sizeBytes) {
    SharedMemory.Allocation memory = writer.memory().allocate(sizeBytes);
    Result result = writer.tryPublish(Pattern.draft(writer, next, memory));
    if (result == Result.OK) {
      next++;
    } else {
      memory.free();
    }
    return result;
  }

  /** Publishes the next chunk, as soon as the window has room. */
  public void publish(long sizeBytes) {
    assertThat(publishUnlessOver(sizeBytes)).as("result of publishing").isEqualTo(Result.OK);
  }

  /** Publishes the next chunk, as soon as the window has room; says what became of it. */
  public Result publishUnlessOver(long sizeBytes) {
    SharedMemory.Allocation memory = writer.memory().allocate(sizeBytes);
    ChunkDraft draft = Pattern.draft(writer, next, memory);
    Result result = writer.tryPublish(draft);
    while (result == Result.WINDOW_FULL) {
      Waits.signal("room for a chunk", room);
      result = writer.tryPublish(draft);
    }
    if (result == Result.OK) {
      next++;
    } else {
      memory.free();
    }
    return result;
  }

  /** Publishes so many chunks. */
  public void publish(int chunks, long sizeBytes) {
    for (int i = 0; i < chunks; i++) {
      publish(sizeBytes);
    }
  }

  /** Waits until the window may have more room. */
  public void awaitRoom() {
    Waits.signal("room in the window", room);
  }

  @Override
  public void close() {
    writer.close();
  }
}
