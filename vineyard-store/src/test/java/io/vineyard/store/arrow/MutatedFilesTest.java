package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.Waits;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files and streams that are cut off or changed at any byte are refused, or can be read. */
class MutatedFilesTest {
  private static final int MUTATIONS = 2;
  private static final long SEED = 4711;

  @TempDir private Path folder;

  private static long mappingsBefore;

  static List<IpcSample> samples() {
    return IpcSample.all();
  }

  @BeforeAll
  static void countMappings() {
    mappingsBefore = mappings();
  }

  @AfterAll
  static void noMappingIsLeft() {
    Waits.until(
        () -> mappingsBefore + " mapped files, there are " + mappings(),
        () -> {
          System.gc();
          return mappings() <= mappingsBefore;
        });
  }

  @AfterEach
  void noFileIsOpen() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      assertThat(open.map(MutatedFilesTest::target)).noneMatch(path -> path.startsWith(folder));
    }
  }

  /** Others may close a descriptor while it is looked at. */
  private static Path target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor);
    } catch (IOException closed) {
      return descriptor;
    }
  }

  private static long mappings() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("mapped"))
        .mapToLong(BufferPoolMXBean::getCount)
        .sum();
  }

  @ParameterizedTest
  @MethodSource("samples")
  void fileIsRefusedWhereverItIsCutOff(IpcSample sample) throws IOException {
    Path path = folder.resolve("cut.arrow");
    sample.writeFile(path);
    assertThat(IpcReading.file(path)).isPositive();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      for (long size = channel.size() - 1; size >= 0; size--) {
        channel.truncate(size);
        assertThat(IpcReading.harmless(sample + " of " + size, () -> IpcReading.file(path)))
            .isEqualTo(IpcReading.REFUSED);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void fileIsHarmlessWhateverByteIsChanged(IpcSample sample) throws IOException {
    Path path = folder.resolve("changed.arrow");
    sample.writeFile(path);
    byte[] bytes = Files.readAllBytes(path);
    Random random = new Random(SEED);
    int refused = 0;
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      for (int at = 0; at < bytes.length; at++) {
        // streams go through the same code, and are faster
        byte changed = mutated(bytes[at], random.nextInt(MUTATIONS), random);
        channel.write(ByteBuffer.wrap(new byte[] {changed}), at);
        String what = sample + " with " + changed + " at " + at;
        refused += IpcReading.harmless(what, () -> IpcReading.file(path)) < 0 ? 1 : 0;
        channel.write(ByteBuffer.wrap(bytes, at, 1), at);
      }
    }
    assertThat(refused).isPositive();
    assertThat(IpcReading.file(path)).isPositive();
  }

  @ParameterizedTest
  @MethodSource("samples")
  void streamIsRefusedOrEndsWhereverItIsCutOff(IpcSample sample) {
    byte[] bytes = sample.stream();
    int complete = IpcReading.stream(bytes, bytes.length);
    assertThat(complete).isEqualTo(2);
    for (int size = bytes.length - 1; size >= 0; size--) {
      int length = size;
      int read =
          IpcReading.harmless(sample + " of " + size, () -> IpcReading.stream(bytes, length));
      assertThat(read).isLessThanOrEqualTo(complete);
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void streamIsHarmlessWhateverByteIsChanged(IpcSample sample) {
    byte[] bytes = sample.stream();
    Random random = new Random(SEED);
    int refused = 0;
    for (int at = 0; at < bytes.length; at++) {
      byte original = bytes[at];
      for (int mutation = 0; mutation < MUTATIONS; mutation++) {
        bytes[at] = mutated(original, mutation, random);
        String what = sample + " with " + bytes[at] + " at " + at;
        refused +=
            IpcReading.harmless(what, () -> IpcReading.stream(bytes, bytes.length)) < 0 ? 1 : 0;
      }
      bytes[at] = original;
    }
    assertThat(refused).isPositive();
  }

  /** All bits are others, or any are. */
  private static byte mutated(byte original, int mutation, Random random) {
    return (byte) (mutation == 0 ? ~original : original + 1 + random.nextInt(0xFF));
  }
}
