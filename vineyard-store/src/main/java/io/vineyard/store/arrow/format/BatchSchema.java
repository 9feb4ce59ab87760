package io.vineyard.store.arrow.format;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.DictionaryUtility;
import org.jspecify.annotations.Nullable;

/**
 * A schema in its two forms, and what is worked out of it once for all batches.
 *
 * <p>On the wire a field that is encoded by a dictionary has the type of the dictionary's values;
 * in memory it has the type of the indices.
 */
public final class BatchSchema {
  private final Schema wire;
  private final Schema memory;
  private final Map<Long, DictionaryPlan> dictionaries;
  private final AllValid allValid = new AllValid();
  private volatile @Nullable List<FieldPlan> plans;

  private BatchSchema(Schema wire, Schema memory, Map<Long, DictionaryPlan> dictionaries) {
    this.wire = wire;
    this.memory = memory;
    this.dictionaries = dictionaries;
  }

  /** Returns the schema as messages have it. */
  public Schema wire() {
    return wire;
  }

  /** Returns the schema as vectors have it. */
  public Schema memory() {
    return memory;
  }

  /** Returns the dictionaries that the columns refer to, by their ids. */
  public Map<Long, DictionaryPlan> dictionaries() {
    return dictionaries;
  }

  /** Returns the plans of the columns, which only readers need. */
  public List<FieldPlan> plans() {
    List<FieldPlan> known = plans;
    if (known == null) {
      known = memory.getFields().stream().map(FieldPlan::of).toList();
      plans = known;
    }
    return known;
  }

  /** Returns the validity of columns that have no nulls. */
  AllValid allValid() {
    return allValid;
  }

  /** A dictionary: how columns refer to it, and what its values are. */
  public record DictionaryPlan(DictionaryEncoding encoding, FieldPlan values) {}

  /** Works out what belongs to a schema in the form of messages. */
  public static BatchSchema ofWire(Schema wire) {
    Map<Long, Dictionary> templates = new LinkedHashMap<>();
    try {
      List<Field> fields = new ArrayList<>();
      for (Field field : wire.getFields()) {
        fields.add(DictionaryUtility.toMemoryFormat(field, Allocators.VIEWS, templates));
      }
      SparseUnions.check(fields);
      return of(wire, new Schema(fields, wire.getCustomMetadata()), templates);
    } finally {
      templates.values().forEach(template -> template.getVector().close());
    }
  }

  /** Works out what belongs to a schema in the form of vectors. */
  public static BatchSchema ofMemory(Schema memory, DictionaryProvider provider) {
    if (memory.getFields().stream().noneMatch(DictionaryUtility::needConvertToMessageFormat)) {
      return new BatchSchema(memory, memory, Map.of());
    }
    Set<Long> used = new LinkedHashSet<>();
    List<Field> fields = new ArrayList<>();
    try {
      for (Field field : memory.getFields()) {
        fields.add(DictionaryUtility.toMessageFormat(field, provider, used));
      }
    } catch (IllegalArgumentException absent) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected every dictionary of the schema, got none: " + absent.getMessage(),
          absent);
    }
    Map<Long, Dictionary> dictionaries = new LinkedHashMap<>();
    for (Long id : used) {
      dictionaries.put(id, provider.lookup(id));
    }
    return of(new Schema(fields, memory.getCustomMetadata()), memory, dictionaries);
  }

  private static BatchSchema of(Schema wire, Schema memory, Map<Long, Dictionary> found) {
    Map<Long, DictionaryPlan> dictionaries = new LinkedHashMap<>();
    found.forEach(
        (id, dictionary) -> {
          Field values = dictionary.getVector().getField();
          SparseUnions.checkDictionary(values);
          dictionaries.put(id, new DictionaryPlan(dictionary.getEncoding(), FieldPlan.of(values)));
        });
    return new BatchSchema(wire, memory, dictionaries);
  }

  /** Says the first thing that differs from another schema; null if nothing does. */
  public @Nullable String differenceTo(BatchSchema expected) {
    return wire.equals(expected.wire) ? null : SchemaDifference.find(expected.wire, wire);
  }

  /** Returns the schema as an IPC message. */
  public ByteBuffer toMessage() {
    return MessageSerializer.serializeMetadata(wire, IpcOption.DEFAULT);
  }

  /**
   * Reads a schema from an IPC message.
   *
   * @throws VineyardException with {@link ErrorCode#ARROW_ERROR} if it is not one
   */
  public static BatchSchema ofMessage(ByteBuffer message) {
    return Malformed.guard(
        "schema", () -> ofMessage(Message.getRootAsMessage(message.duplicate())));
  }

  /** Reads a schema from an IPC message. */
  public static BatchSchema ofMessage(Message message) {
    return Malformed.guard(
        "schema",
        () -> {
          if (message.headerType() != MessageHeader.Schema) {
            throw Malformed.of("a schema message", "header type " + message.headerType());
          }
          SchemaCheck.check(
              (org.apache.arrow.flatbuf.Schema)
                  message.header(new org.apache.arrow.flatbuf.Schema()));
          return ofWire(MessageSerializer.deserializeSchema(message));
        });
  }
}
