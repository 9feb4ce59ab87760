package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.arrow.format.Allocators;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What made other readers fail is refused here, or can be read. */
class FuzzCorpusTest {
  private static final Path FOLDER = Path.of("src/test/resources/arrow-testing/fuzz");

  private final long viewsBefore = Allocators.VIEWS.getAllocatedMemory();

  @AfterEach
  void nothingIsLeft() {
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
  }

  static List<Path> corpus() throws IOException {
    try (Stream<Path> files = Files.walk(FOLDER)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("corpus")
  void isHarmlessAsAFile(Path path) {
    IpcReading.harmless(path.toString(), () -> IpcReading.file(path));
  }

  @ParameterizedTest
  @MethodSource("corpus")
  void isHarmlessAsAStream(Path path) throws IOException {
    byte[] bytes = Files.readAllBytes(path);
    IpcReading.harmless(path.toString(), () -> IpcReading.stream(bytes, bytes.length));
  }
}
