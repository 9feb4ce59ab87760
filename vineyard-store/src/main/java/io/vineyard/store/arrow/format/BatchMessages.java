package io.vineyard.store.arrow.format;

import java.util.List;
import java.util.Map;
import org.apache.arrow.flatbuf.DictionaryBatch;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.util.VectorBatchAppender;
import org.jspecify.annotations.Nullable;

/** Reads {@code RecordBatch} and {@code DictionaryBatch} messages. */
public final class BatchMessages {
  private BatchMessages() {}

  /** What a dictionary batch says: the whole dictionary, or values to be added to it. */
  public record DictionaryUpdate(long id, boolean isDelta, Dictionary dictionary) {
    /** Makes the dictionary as it is from now on; the old one and the update are spent. */
    public void applyTo(Map<Long, Dictionary> dictionaries) {
      @Nullable Dictionary old = dictionaries.remove(id);
      if (old == null) {
        dictionaries.put(id, dictionary);
        return;
      }
      try (FieldVector before = old.getVector()) {
        if (!isDelta) {
          dictionaries.put(id, dictionary);
          return;
        }
        try (FieldVector added = dictionary.getVector()) {
          dictionaries.put(id, new Dictionary(joined(before, added), old.getEncoding()));
        }
      }
    }

    private static FieldVector joined(FieldVector before, FieldVector added) {
      FieldVector all = before.getField().createVector(Allocators.VIEWS);
      try {
        all.setInitialCapacity(before.getValueCount() + added.getValueCount());
        all.allocateNew();
        VectorBatchAppender.batchAppend(all, before, added);
        return all;
      } catch (RuntimeException broken) {
        all.close();
        throw broken;
      }
    }
  }

  /** Reads a dictionary batch; whoever gets the update applies it or closes its vector. */
  public static DictionaryUpdate readDictionary(
      Message message, BatchSchema schema, BatchLoader.Body body) {
    DictionaryBatch header =
        message.headerType() == MessageHeader.DictionaryBatch
            ? (DictionaryBatch) message.header(new DictionaryBatch())
            : null;
    if (header == null || header.data() == null) {
      throw Malformed.of("a dictionary batch", "header type " + message.headerType());
    }
    BatchSchema.DictionaryPlan plan = schema.dictionaries().get(header.id());
    if (plan == null) {
      throw Malformed.of("a dictionary out of " + schema.dictionaries().keySet(), "" + header.id());
    }
    List<FieldVector> vectors =
        new BatchLoader(header.data(), body, isOld(message), schema.allValid())
            .load(List.of(plan.values()));
    return new DictionaryUpdate(
        header.id(), header.isDelta(), new Dictionary(vectors.get(0), plan.encoding()));
  }

  /** The columns of a record batch. */
  public record Columns(List<FieldVector> vectors, int rowCount) {}

  /** Reads a record batch; whoever gets the columns closes them. */
  public static Columns readBatch(Message message, BatchSchema schema, BatchLoader.Body body) {
    RecordBatch header =
        message.headerType() == MessageHeader.RecordBatch
            ? (RecordBatch) message.header(new RecordBatch())
            : null;
    if (header == null) {
      throw Malformed.of("a record batch", "header type " + message.headerType());
    }
    long rows = header.length();
    if (rows < 0 || rows > Integer.MAX_VALUE) {
      throw Malformed.of("0 to " + Integer.MAX_VALUE + " rows", "" + rows);
    }
    return new Columns(
        new BatchLoader(header, body, isOld(message), schema.allValid()).load(schema.plans()),
        (int) rows);
  }

  private static boolean isOld(Message message) {
    return message.version() < MetadataVersion.V5;
  }
}
