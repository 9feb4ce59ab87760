package io.vineyard.store.arrow;

import io.vineyard.store.ChunkDraft;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.BufferList;
import io.vineyard.store.arrow.format.ChunkHeader;
import io.vineyard.store.arrow.format.DictionarySet;
import io.vineyard.store.arrow.format.MessageBuilder;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes chunks of record batches, for one stream.
 *
 * <p>Buffers that lie in the writer's shared memory are published where they are; others are copied
 * there once.
 */
final class BatchEncoder implements ChunkCodec.Encoder<RecordBatch> {
  private final ChunkWriter writer;
  private final SharedMemory memory;
  private final boolean withSchema;
  private final BufferList columns = new BufferList(false);
  private final MessageBuilder message = new MessageBuilder();
  private final ChunkHeader header = new ChunkHeader();
  private Supplier<byte @Nullable []> carrier = () -> null;
  private @Nullable BatchSchema schema;
  private @Nullable SharedDictionaries lastDictionaries;

  /**
   * Begins.
   *
   * @param withSchema whether each chunk says its own schema
   */
  BatchEncoder(ChunkWriter writer, boolean withSchema) {
    this.writer = writer;
    this.memory = writer.memory();
    this.withSchema = withSchema;
  }

  @Override
  public void check(RecordBatch batch) {
    batch.vectors();
    BatchSchema expected = schema;
    if (expected != null && !withSchema) {
      String difference = batch.batchSchema().differenceTo(expected);
      if (difference != null) {
        throw VineyardException.of(ErrorCode.SCHEMA_MISMATCH, difference + " in " + describe());
      }
    }
  }

  @Override
  public void carry(Supplier<byte @Nullable []> wanted) {
    carrier = wanted;
  }

  private String describe() {
    return "stream " + writer.stream().id() + " " + writer.stream().spec();
  }

  @Override
  public @Nullable EncodedBatch tryEncode(RecordBatch batch) {
    columns.gather(batch.vectors());
    long foreign = columns.foreignBytes(memory);
    long dataBytes = foreign > 0 ? columns.alignedBytes() : columns.occupiedBytes();
    if (!writer.hasRoom(dataBytes)) {
      return null;
    }
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
    EncodedBatch.Held held = null;
    try {
      held = new EncodedBatch.Held(columns.takeOwners(), copy, dictionaries, copied + foreign);
      learnSchema(batch);
      draft.complete(describe(batch, held, draft), dataBytes, held::release);
      return new EncodedBatch(draft, dataBytes, held);
    } catch (RuntimeException refused) {
      (held == null ? EncodedBatch.Held.ofCopies(copy, dictionaries) : held).release();
      throw refused;
    }
  }

  private void learnSchema(RecordBatch batch) {
    if (schema == null && !withSchema) {
      BatchSchema first = batch.batchSchema();
      writer.preamble(first.toMessage());
      schema = first;
    }
  }

  private @Nullable SharedDictionaries share(DictionarySet set) {
    SharedDictionaries shared = SharedDictionaries.tryMake(set, memory);
    if (shared != null) {
      close();
      lastDictionaries = shared;
    }
    return shared;
  }

  private ByteBuffer describe(RecordBatch batch, EncodedBatch.Held held, ChunkDraft draft) {
    BufferList.Offsets offsets = (index, address, size) -> draft.offsetOf(address, size);
    header.begin(held.copiedBytes() > 0);
    if (withSchema) {
      header.add(batch.batchSchema().toMessage());
    }
    SharedDictionaries dictionaries = held.dictionaries();
    if (dictionaries != null) {
      for (SharedDictionaries.Entry entry : dictionaries.entries()) {
        entry.buffers().describe(message, offsets);
        header.add(
            message.dictionaryBatch(entry.id(), entry.values(), 0, MessageBuilder.NOT_COMPRESSED));
      }
    }
    columns.describe(message, offsets);
    header.add(message.recordBatch(batch.rowCount(), 0, MessageBuilder.NOT_COMPRESSED));
    byte[] carried = carrier.get();
    if (carried != null) {
      header.carry(carried);
    }
    return header.end();
  }

  @Override
  public void close() {
    if (lastDictionaries != null) {
      lastDictionaries.release();
      lastDictionaries = null;
    }
  }
}
