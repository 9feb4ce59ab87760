package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.embedded.EmbeddedStore;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A batch whose schema differs from the stream's is refused, saying where it differs first. */
class SchemaMismatchTest {
  private static final ArrowType INT = new ArrowType.Int(Integer.SIZE, true);
  private static final ArrowType LONG = new ArrowType.Int(Long.SIZE, true);
  private static final Field A = Field.nullable("a", INT);
  private static final Field B = Field.nullable("b", ArrowType.Utf8.INSTANCE);
  private static final Field C = Field.nullable("c", ArrowType.Bool.INSTANCE);

  static Stream<Arguments> differences() {
    Field encoded = encoded(7, INT, false);
    return Stream.of(
        difference(schema(A), schema(Field.nullable("a", LONG)), "the type of a: Int(32, true)"),
        difference(schema(A, B), schema(A, Field.nullable("x", INT)), "column 1 to be b: Utf8"),
        difference(schema(A, B), schema(B, A), "column 0 to be a: Int(32, true), got b: Utf8"),
        difference(schema(A, B), schema(A), "column 1, b: Utf8, got none"),
        difference(schema(A), schema(A, B), "no column 1, got b: Utf8"),
        difference(schema(), schema(A), "no column 0, got a: Int(32, true)"),
        difference(schema(A), schema(Field.notNullable("a", INT)), "nulls in a: to be allowed"),
        difference(schema(A), schema(noted("a", Map.of("k", "v"))), "metadata of a: {}, got {k=v}"),
        difference(schema(list(A)), schema(list(B)), "child 0 of l to be a: Int(32, true)"),
        difference(
            schema(list(A)), schema(list(Field.nullable("a", LONG))), "the type of l.a: Int(32"),
        difference(
            schema(struct(A, list(B))),
            schema(struct(A, list(Field.notNullable("b", ArrowType.Utf8.INSTANCE)))),
            "nulls in s.l.b: to be allowed, got not to be allowed"),
        difference(
            schema(struct(A)), schema(struct(noted("a", Map.of("k", "v")))), "metadata of s.a: {}"),
        difference(schema(struct(A, B)), schema(struct(A)), "child 1 of s, b: Utf8, got none"),
        difference(schema(struct(A)), schema(struct(A, C)), "no child 1 of s, got c: Bool"),
        difference(schema(encoded), schema(encoded(7, LONG, false)), "of indices Int(32, true)"),
        difference(schema(encoded), schema(encoded(8, INT, false)), "unordered dictionary 7"),
        difference(schema(encoded), schema(encoded(7, INT, true)), "got ordered dictionary 7"),
        difference(schema(encoded), schema(Field.nullable("d", INT)), "the type of d: Utf8"),
        difference(
            schema(A),
            new Schema(List.of(A), Map.of("k", "v")),
            "the schema's metadata: {}, got {k=v}"));
  }

  private static Arguments difference(Schema expected, Schema actual, String message) {
    return Arguments.of(expected, actual, message);
  }

  private static Schema schema(Field... fields) {
    return new Schema(Arrays.asList(fields));
  }

  private static Field list(Field child) {
    return new Field("l", FieldType.nullable(ArrowType.List.INSTANCE), List.of(child));
  }

  private static Field struct(Field... children) {
    return new Field("s", FieldType.nullable(ArrowType.Struct.INSTANCE), Arrays.asList(children));
  }

  private static Field noted(String name, Map<String, String> metadata) {
    return new Field(name, new FieldType(true, INT, null, metadata), null);
  }

  private static Field encoded(long id, ArrowType index, boolean ordered) {
    DictionaryEncoding encoding = new DictionaryEncoding(id, ordered, (ArrowType.Int) index);
    return new Field("d", new FieldType(true, index, encoding), null);
  }

  /** Makes a batch without rows; dictionaries are of texts. */
  private static RecordBatch batch(Schema schema, BufferAllocator allocator) {
    DictionaryProvider.MapDictionaryProvider provider =
        new DictionaryProvider.MapDictionaryProvider();
    for (Field field : schema.getFields()) {
      if (field.getDictionary() != null) {
        FieldVector values = B.createVector(allocator);
        provider.put(new Dictionary(values, field.getDictionary()));
      }
    }
    List<FieldVector> vectors =
        schema.getFields().stream().map(field -> field.createVector(allocator)).toList();
    try {
      return RecordBatch.of(new VectorSchemaRoot(schema, vectors, 0), provider);
    } finally {
      provider.close();
    }
  }

  @ParameterizedTest
  @MethodSource("differences")
  void isRefusedAtTheWriter(Schema expected, Schema actual, String message) {
    try (BufferAllocator allocator = new RootAllocator();
        ObjectStore store = EmbeddedStore.create().segmentBytes(1 << 20).open();
        ChunkWriter writer = open(store);
        ChunkCodec.Encoder<RecordBatch> encoder = ChunkCodec.recordBatches().encoder(writer);
        RecordBatch first = batch(expected, allocator);
        RecordBatch other = batch(actual, allocator)) {
      encoder.check(first);
      encoder.tryEncode(first).discard();
      assertThatExceptionOfType(VineyardException.class)
          .isThrownBy(() -> encoder.check(other))
          .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.SCHEMA_MISMATCH))
          .withMessageContaining("expected ")
          .withMessageContaining(message)
          .withMessageContaining(writer.stream().id().toString());
      encoder.check(first);
    }
  }

  @Test
  void doesNotMatterWhereEachChunkHasItsSchema() {
    try (BufferAllocator allocator = new RootAllocator();
        ObjectStore store = EmbeddedStore.create().segmentBytes(1 << 20).open();
        ChunkWriter writer = open(store);
        ChunkCodec.Encoder<RecordBatch> encoder = ChunkCodec.dataframes().encoder(writer);
        RecordBatch first = batch(schema(A), allocator);
        RecordBatch other = batch(schema(B, C), allocator)) {
      encoder.check(first);
      encoder.tryEncode(first).discard();
      encoder.check(other);
    }
  }

  private static ChunkWriter open(ObjectStore store) {
    return Waits.value(
        store.createStream(StreamSpec.create()).flatMap(stream -> store.openWriter(stream.id())));
  }
}
