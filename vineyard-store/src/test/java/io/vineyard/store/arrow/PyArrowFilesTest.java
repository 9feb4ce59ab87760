package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.Allocators;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads what pyarrow wrote of every type it has, and compares schema, metadata and values. */
class PyArrowFilesTest {
  private static final Path FOLDER = Path.of("src/test/resources/pyarrow");
  private static final String FILE = ".arrow_file";
  private static final String STREAM = ".stream";

  /** What Arrow's vectors can't hold, and what the refusal says. */
  private static final Map<String, String> UNSUPPORTED =
      Map.ofEntries(
          Map.entry("decimal32", "decimals of 128 or 256 bits, got 32"),
          Map.entry("decimal64", "decimals of 128 or 256 bits, got 64"),
          Map.entry("fixed_binary_0", "binary values of 1 byte or more, got 0 bytes"),
          Map.entry("struct_same_names", "different names in x, got two named 'x'"),
          Map.entry("dense_union_same_names", "different names in x, got two named 'x'"),
          Map.entry("sparse_union_same_names", "different names in x, got two named 'x'"),
          Map.entry("sparse_union_same", "a sparse union of different types"),
          Map.entry("sparse_union_nested", "a sparse union of different types"),
          Map.entry("sparse_union_of_large", "a sparse union of different types"));

  private final long viewsBefore = Allocators.VIEWS.getAllocatedMemory();

  @AfterEach
  void nothingIsLeft() {
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
  }

  private static List<String> names(String suffix) throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files
          .map(path -> path.getFileName().toString())
          .filter(name -> name.endsWith(suffix))
          .map(name -> name.substring(0, name.length() - suffix.length()))
          .sorted()
          .toList();
    }
  }

  static List<String> files() throws IOException {
    return names(FILE).stream().filter(name -> !UNSUPPORTED.containsKey(name)).toList();
  }

  static List<String> streams() throws IOException {
    return names(STREAM).stream().filter(name -> !UNSUPPORTED.containsKey(name)).toList();
  }

  static List<String> unsupported() {
    return UNSUPPORTED.keySet().stream().sorted().toList();
  }

  private static Path path(String name, String suffix) {
    return FOLDER.resolve(name + suffix);
  }

  private static JsonNode json(String name) throws IOException {
    return JsonBatches.read(path(name, ".json"));
  }

  @ParameterizedTest
  @MethodSource("files")
  void fileIsReadAsItWasWritten(String name) throws IOException {
    JsonNode json = json(name);
    try (ArrowFile file = ArrowFile.open(path(name, FILE))) {
      JsonBatches.assertSameSchema(json, file.schema());
      assertThat(file.batchCount()).isEqualTo(json.get("batches").size());
      for (int i = 0; i < file.batchCount(); i++) {
        try (RecordBatch batch = file.batch(i)) {
          JsonBatches.assertSame(json.get("batches").get(i), batch);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("streams")
  void streamIsReadAsItWasWritten(String name) throws IOException {
    JsonNode json = json(name);
    try (FileChannel channel = FileChannel.open(path(name, STREAM));
        ArrowStreamReader stream = ArrowStreamReader.over(channel)) {
      JsonBatches.assertSameSchema(json, stream.schema());
      for (JsonNode expected : json.get("batches")) {
        try (RecordBatch batch = stream.next()) {
          assertThat(batch).isNotNull();
          JsonBatches.assertSame(expected, batch);
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
        .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.UNSUPPORTED))
        .withMessageContaining(UNSUPPORTED.get(name));
    try (FileChannel channel = FileChannel.open(path(name, STREAM))) {
      assertThatExceptionOfType(VineyardException.class)
          .isThrownBy(() -> ArrowStreamReader.over(channel))
          .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.UNSUPPORTED))
          .withMessageContaining(UNSUPPORTED.get(name));
    }
  }
}
