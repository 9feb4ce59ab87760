package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.vineyard.store.arrow.format.BatchSchema;
import java.io.IOException;
import java.nio.file.Path;
import java.util.TreeMap;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Compares batches with the JSON in which the scripts beside pyarrow's files describe them, which
 * has the values of a dictionary at the column that is encoded by it.
 */
final class JsonBatches {
  private static final String DICTIONARY = "DICTIONARY";
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private JsonBatches() {}

  static JsonNode read(Path path) throws IOException {
    return JSON.readTree(path.toFile());
  }

  /** Compares schemas, with the extension types that are registered here. */
  static void assertSameSchema(JsonNode expected, Schema actual) throws IOException {
    BatchSchema described =
        BatchSchema.ofWire(Schema.fromJSON(JSON.writeValueAsString(expected.get("schema"))));
    Schema read = BatchSchema.ofMessage(described.toMessage()).memory();
    assertThat(actual.getFields().stream().map(JsonBatches::describe).toList())
        .isEqualTo(read.getFields().stream().map(JsonBatches::describe).toList());
    assertThat(actual).isEqualTo(read);
  }

  private static String describe(Field field) {
    return field
        + " "
        + new TreeMap<>(field.getMetadata())
        + field.getChildren().stream().map(JsonBatches::describe).toList();
  }

  static void assertSame(JsonNode expected, RecordBatch batch) {
    assertThat(batch.rowCount()).isEqualTo(expected.get("count").asInt());
    assertThat(batch.columnCount()).isEqualTo(expected.get("columns").size());
    for (int i = 0; i < batch.columnCount(); i++) {
      JsonNode column = expected.get("columns").get(i);
      Field field = batch.schema().getFields().get(i);
      JsonColumns.assertSame(column, field, batch.vector(i));
      assertSameDictionaries(column, field, batch);
    }
    EveryValue.read(batch);
  }

  private static void assertSameDictionaries(JsonNode column, Field field, RecordBatch batch) {
    assertThat(field.getDictionary() != null).isEqualTo(column.has(DICTIONARY));
    JsonNode described = column;
    Field values = field;
    if (field.getDictionary() != null) {
      described = column.get(DICTIONARY);
      FieldVector vector = batch.dictionaries().lookup(field.getDictionary().getId()).getVector();
      values = vector.getField();
      JsonColumns.assertSame(described, values, vector);
    }
    for (int i = 0; i < values.getChildren().size(); i++) {
      assertSameDictionaries(described.get("children").get(i), values.getChildren().get(i), batch);
    }
  }
}
