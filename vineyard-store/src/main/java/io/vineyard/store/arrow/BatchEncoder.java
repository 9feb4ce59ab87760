package io.vineyard.store.arrow;

import io.vineyard.store.ChunkDraft;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.SharedMemory;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Makes chunks of record batches, for one stream.
 *
 * <p>Buffers that lie in the writer's shared memory are published where they are; others are copied
 * there once. Used by one thread at a time.
 */
public final class BatchEncoder implements AutoCloseable {
  private final ChunkWriter writer;
  private final SharedMemory memory;
  private final boolean withSchema;
  private final BufferList columns = new BufferList(false);
  private final MessageBuilder message = new MessageBuilder();
  private final ChunkHeader header = new ChunkHeader();
  private @Nullable SharedDictionaries lastDictionaries;

  /**
   * Begins.
   *
   * @param writer where the chunks will be published
   * @param withSchema whether each chunk says its own schema
   */
  public BatchEncoder(ChunkWriter writer, boolean withSchema) {
    this.writer = Objects.requireNonNull(writer, "writer");
    this.memory = writer.memory();
    this.withSchema = withSchema;
  }

  /** Returns the schema of a batch in the form that readers get before the first chunk. */
  public static ByteBuffer preamble(RecordBatch batch) {
    return batch.batchSchema().toMessage();
  }

  /**
   * Returns how many bytes of the window a batch will take, without copying anything: so that
   * nothing is copied in vain.
   */
  public long dataBytes(RecordBatch batch) {
    return dataBytes(columns.gather(batch.vectors()));
  }

  /**
   * Makes a chunk of a batch; null if it has to be copied and there is no memory for that now. Then
   * memory was asked for, and {@link ChunkWriter#onRoom} tells when to try again.
   *
   * <p>The batch still belongs to the caller; once the chunk is published, it belongs to the chunk.
   */
  public @Nullable EncodedBatch tryEncode(RecordBatch batch) {
    SharedDictionaries dictionaries = null;
    long copied = 0;
    if (batch.dictionarySet() != DictionarySet.EMPTY) {
      boolean known = lastDictionaries != null && lastDictionaries.isOf(batch.dictionarySet());
      dictionaries = known ? lastDictionaries : share(batch.dictionarySet());
      if (dictionaries == null) {
        return null;
      }
      copied = known ? 0 : dictionaries.copiedBytes();
    }
    columns.gather(batch.vectors());
    long dataBytes = dataBytes(columns);
    long foreign = columns.foreignBytes(memory);
    SharedMemory.Allocation copy = null;
    if (foreign > 0) {
      copy = memory.tryAllocate(foreign);
      if (copy == null) {
        return null;
      }
      columns.copyForeign(memory, copy.address());
    }
    if (dictionaries != null) {
      dictionaries.retain();
    }
    ChunkDraft draft = writer.draft();
    EncodedBatch encoded =
        new EncodedBatch(batch, draft, copy, dictionaries, dataBytes, copied + foreign);
    draft.complete(describe(batch, dictionaries, draft), dataBytes, encoded::reclaimed);
    return encoded;
  }

  private @Nullable SharedDictionaries share(DictionarySet set) {
    SharedDictionaries shared = SharedDictionaries.tryMake(set, memory);
    if (shared != null) {
      close();
      lastDictionaries = shared;
    }
    return shared;
  }

  private long dataBytes(BufferList buffers) {
    return buffers.foreignBytes(memory) > 0 ? buffers.alignedBytes() : buffers.occupiedBytes();
  }

  private ByteBuffer describe(
      RecordBatch batch, @Nullable SharedDictionaries dictionaries, ChunkDraft draft) {
    BufferList.Offsets offsets = (index, address, size) -> draft.offsetOf(address, size);
    header.begin();
    if (withSchema) {
      header.add(preamble(batch));
    }
    if (dictionaries != null) {
      for (SharedDictionaries.Entry entry : dictionaries.entries()) {
        entry.buffers().describe(message, offsets);
        header.add(
            message.dictionaryBatch(entry.id(), entry.values(), 0, MessageBuilder.NOT_COMPRESSED));
      }
    }
    columns.describe(message, offsets);
    header.add(message.recordBatch(batch.rowCount(), 0, MessageBuilder.NOT_COMPRESSED));
    return header.end();
  }

  /** Lets go of the dictionaries that it kept for the next batch. */
  @Override
  public void close() {
    if (lastDictionaries != null) {
      lastDictionaries.release();
      lastDictionaries = null;
    }
  }
}
