package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.Allocators;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads what other implementations of Arrow wrote, of many versions. */
class GoldenFilesTest {
  private static final Path FOLDER = Path.of("src/test/resources/arrow-testing");
  private static final String FILE = ".arrow_file";
  private static final String STREAM = ".stream";
  private static final List<String> UNSUPPORTED =
      List.of("bigendian", "decimal32", "decimal64", "duplicate_fieldnames");

  /** Its writer gave the children of the map the usual names, in the stream but not in the file. */
  private static final String OTHER_NAMES = "map_non_canonical";

  private final long viewsBefore = Allocators.VIEWS.getAllocatedMemory();

  @AfterEach
  void nothingIsLeft() {
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
  }

  private static List<String> names(Predicate<String> wanted) throws IOException {
    try (Stream<Path> files = Files.walk(FOLDER)) {
      return files
          .map(path -> FOLDER.relativize(path).toString())
          .filter(name -> name.endsWith(FILE) && wanted.test(name))
          .map(name -> name.substring(0, name.length() - FILE.length()))
          .sorted()
          .toList();
    }
  }

  static List<String> readable() throws IOException {
    return names(name -> UNSUPPORTED.stream().noneMatch(name::contains));
  }

  static List<String> unsupported() throws IOException {
    return names(name -> UNSUPPORTED.stream().anyMatch(name::contains));
  }

  private static Path path(String name, String suffix) {
    return FOLDER.resolve(name + suffix);
  }

  private static FileChannel channel(String name) throws IOException {
    return FileChannel.open(path(name, STREAM), StandardOpenOption.READ);
  }

  @ParameterizedTest
  @MethodSource("readable")
  void fileHasTheValuesOfTheJson(String name) throws IOException {
    JsonNode json = json(name);
    try (ArrowFile file = ArrowFile.open(path(name, FILE))) {
      assertThat(file.batchCount()).isEqualTo(json.get("batches").size());
      for (int i = 0; i < file.batchCount(); i++) {
        try (RecordBatch batch = file.batch(i)) {
          assertSame(json, i, batch);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("readable")
  void streamHasTheValuesOfTheFile(String name) throws IOException {
    JsonNode json = json(name);
    try (ArrowFile file = ArrowFile.open(path(name, FILE));
        FileChannel channel = channel(name);
        ArrowStreamReader stream = ArrowStreamReader.over(channel)) {
      boolean sameNames = !name.contains(OTHER_NAMES);
      assertThat(stream.schema().equals(file.schema())).isEqualTo(sameNames);
      for (int i = 0; i < file.batchCount(); i++) {
        try (RecordBatch expected = file.batch(i);
            RecordBatch actual = stream.next()) {
          assertThat(actual).isNotNull();
          assertSame(json, i, actual);
          assertThat(actual.hasSameContent(expected)).isEqualTo(sameNames);
        }
      }
      assertThat(stream.next()).isNull();
    }
  }

  @ParameterizedTest
  @MethodSource("unsupported")
  void whatVectorsCannotHoldIsRefused(String name) throws IOException {
    assertThatExceptionOfType(VineyardException.class)
        .isThrownBy(() -> ArrowFile.open(path(name, FILE)))
        .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.UNSUPPORTED));
    try (FileChannel channel = channel(name)) {
      assertThatExceptionOfType(VineyardException.class)
          .isThrownBy(() -> ArrowStreamReader.over(channel))
          .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.UNSUPPORTED));
    }
  }

  private static JsonNode json(String name) throws IOException {
    try (InputStream input = Files.newInputStream(path(name, ".json.gz"));
        InputStream text = new GZIPInputStream(input)) {
      return new ObjectMapper().readTree(text);
    }
  }

  private static void assertSame(JsonNode json, int index, RecordBatch batch) {
    JsonNode expected = json.get("batches").get(index);
    assertThat(batch.rowCount()).isEqualTo(expected.get("count").asInt());
    assertThat(batch.columnCount()).isEqualTo(expected.get("columns").size());
    Map<Long, JsonNode> dictionaries = new HashMap<>();
    json.path("dictionaries").forEach(entry -> dictionaries.put(entry.get("id").asLong(), entry));
    for (int i = 0; i < batch.columnCount(); i++) {
      Field field = batch.schema().getFields().get(i);
      JsonColumns.assertSame(expected.get("columns").get(i), field, batch.vector(i));
      assertSameDictionaries(json.at("/schema/fields/" + i), field, batch, dictionaries);
    }
    EveryValue.read(batch);
  }

  /** The ids of dictionaries differ, as some writers number them anew. */
  private static void assertSameDictionaries(
      JsonNode json, Field field, RecordBatch batch, Map<Long, JsonNode> dictionaries) {
    Field values = field;
    if (field.getDictionary() != null) {
      JsonNode expected = dictionaries.get(json.at("/dictionary/id").asLong());
      FieldVector vector = batch.dictionaries().lookup(field.getDictionary().getId()).getVector();
      values = vector.getField();
      JsonColumns.assertSame(expected.at("/data/columns/0"), values, vector);
    }
    for (int i = 0; i < values.getChildren().size(); i++) {
      assertSameDictionaries(
          json.get("children").get(i), values.getChildren().get(i), batch, dictionaries);
    }
  }
}
