package io.vineyard.store.arrow;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** Batches with random values, nulls and metadata; the same seed gives the same batch. */
public final class RandomBatches {
  private static final int DICTIONARY_VALUES = 7;

  private final Random random;
  private final BufferAllocator allocator;

  /** Begins; batches are built with this allocator. */
  public RandomBatches(long seed, BufferAllocator allocator) {
    this.random = new Random(seed);
    this.allocator = allocator;
  }

  /** Returns a field of random metadata for a type of {@link RandomTypes}. */
  public static Field field(String name, RandomTypes.Type type) {
    FieldType fieldType =
        new FieldType(type.isNullable(), type.type(), null, Map.of("name", name, "k\u00e9y", "v"));
    return new Field(name, fieldType, type.children());
  }

  /** Makes a batch with one column of each of these fields. */
  public RecordBatch batch(List<Field> fields, int rows) {
    List<FieldVector> vectors = new ArrayList<>();
    for (Field field : fields) {
      vectors.add(vector(field, rows));
    }
    Schema schema = new Schema(fields, Map.of("schema", "metadata"));
    return RecordBatch.of(new VectorSchemaRoot(schema, vectors, rows));
  }

  /** Makes a batch of columns that are encoded by dictionaries of these value types. */
  public RecordBatch dictionaryBatch(List<Field> values, int rows) {
    DictionaryProvider.MapDictionaryProvider provider =
        new DictionaryProvider.MapDictionaryProvider();
    List<Field> fields = new ArrayList<>();
    List<FieldVector> vectors = new ArrayList<>();
    int[] widths = {Byte.SIZE, Short.SIZE, Integer.SIZE, Long.SIZE};
    for (int i = 0; i < values.size(); i++) {
      ArrowType.Int index = new ArrowType.Int(widths[i % widths.length], true);
      DictionaryEncoding encoding = new DictionaryEncoding(i, i % 2 == 0, index);
      provider.put(new Dictionary(vector(values.get(i), DICTIONARY_VALUES), encoding));
      Field field =
          new Field("d" + i, new FieldType(true, index, encoding, Map.of("d", "" + i)), null);
      fields.add(field);
      vectors.add(RandomVectors.indices(field, rows, DICTIONARY_VALUES, random, allocator));
    }
    try {
      return RecordBatch.of(new VectorSchemaRoot(new Schema(fields), vectors, rows), provider);
    } finally {
      provider.close();
    }
  }

  private FieldVector vector(Field field, int rows) {
    return RandomVectors.fill(field, rows, random, allocator);
  }
}
