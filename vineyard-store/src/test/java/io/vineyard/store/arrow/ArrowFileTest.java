package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.arrow.format.Allocators;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArrowFileTest {
  private static final Path FOLDER = Path.of("src/test/resources/arrow-testing");

  /** Its first columns are numbers, whose text tells their values. */
  private static final int NUMBERS = 18;

  private final long viewsBefore = Allocators.VIEWS.getAllocatedMemory();

  @AfterEach
  void nothingIsLeft() {
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
  }

  private static Path file() throws IOException {
    String name =
        GoldenFilesTest.readable().stream()
            .filter(one -> one.endsWith("generated_primitive"))
            .findFirst()
            .orElseThrow();
    return FOLDER.resolve(name + ".arrow_file");
  }

  /** A file that is small enough is mapped as a whole, else each batch is by itself. */
  @ParameterizedTest
  @ValueSource(longs = {0, Integer.MAX_VALUE})
  void whoIsInterruptedLeavesTheFileToOthers(long mostMappedBytes) throws IOException {
    try (ArrowFile file = ArrowFile.open(file(), mostMappedBytes)) {
      String expected = show(file);
      assertThat(expected).isNotEmpty();
      Thread.currentThread().interrupt();
      assertThat(show(file)).isEqualTo(expected);
      assertThat(Thread.interrupted()).as("is still interrupted").isTrue();
      assertThat(show(file)).isEqualTo(expected);
    }
  }

  private static String show(ArrowFile file) {
    try (RecordBatch batch = file.batch(0)) {
      return batch.vectors().subList(0, NUMBERS).toString();
    }
  }
}
