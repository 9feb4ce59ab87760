package io.vineyard.store.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.jna.LastErrorException;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Segment.Access;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class SegmentTest {
  private static final int SIZE_SEALS = NativeCalls.F_SEAL_SHRINK | NativeCalls.F_SEAL_GROW;
  private static final int ALL_SEALS =
      SIZE_SEALS | NativeCalls.F_SEAL_FUTURE_WRITE | NativeCalls.F_SEAL_SEAL;

  private static final String FOREIGN = "no-segment";

  private final int segments = Segment.openCount();
  private final int mappings = Mapping.openCount();

  @AfterEach
  void nothingIsLeft() {
    assertThat(Segment.openCount()).as("open segments").isEqualTo(segments);
    assertThat(Mapping.openCount()).as("open mappings").isEqualTo(mappings);
  }

  private static Consumer<Throwable> code(ErrorCode code) {
    return error ->
        assertThat(error)
            .isInstanceOfSatisfying(
                VineyardException.class, e -> assertThat(e.code()).as("%s", e).isEqualTo(code));
  }

  private static int seals(Segment segment) {
    return NativeCalls.fcntl(segment.descriptor(), NativeCalls.F_GET_SEALS, 0);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void sizeIsSealedAtOnceAndWritesWhenTheWriterHasMapped() {
    try (Segment segment = Segment.create("test", 4096);
        Mapping writer = segment.map(Access.READ_WRITE)) {
      assertThat(seals(segment)).isEqualTo(SIZE_SEALS);
      segment.sealFutureWrites();
      assertThat(seals(segment)).isEqualTo(ALL_SEALS);
      Mapping.view(writer.address(), 8).putLong(0, 42);
      try (Mapping reader = segment.map(Access.READ_ONLY)) {
        assertThat(Mapping.view(reader.address(), 8).getLong(0)).isEqualTo(42);
      }
      assertThatThrownBy(() -> segment.map(Access.READ_WRITE))
          .satisfies(code(ErrorCode.IO_ERROR))
          .hasMessageContaining("errno 1");
      assertThatThrownBy(segment::sealFutureWrites).satisfies(code(ErrorCode.IO_ERROR));
    }
  }

  @Test
  void lazyMappingsShowTheSameBytes() {
    try (Segment segment = Segment.create("test", 4096);
        Mapping writer = segment.mapLazily(Access.READ_WRITE);
        Mapping reader = segment.mapLazily(Access.READ_ONLY);
        Mapping eager = segment.map(Access.READ_ONLY)) {
      Mapping.view(writer.address(), 8).putLong(0, 42);
      assertThat(Mapping.view(reader.address(), 8).getLong(0)).isEqualTo(42);
      assertThat(Mapping.view(eager.address(), 8).getLong(0)).isEqualTo(42);
    }
  }

  @Test
  void segmentAboveTwoGibibytesIsMappedToItsLastByte() {
    long capacity = (2L << 30) + 4096;
    try (Segment segment = Segment.create("test", capacity);
        Mapping writer = segment.map(Access.READ_WRITE);
        Mapping reader = segment.map(Access.READ_ONLY)) {
      long last = capacity - 8;
      Mapping.view(writer.address(last, 8), 8).putLong(0, 42);
      assertThat(Mapping.view(reader.address(last, 8), 8).getLong(0)).isEqualTo(42);
      assertThat(writer.capacityBytes()).isEqualTo(capacity);
    }
  }

  @Test
  void capacityBelowOneByteIsRefused() {
    for (long capacity : new long[] {0, -1, Long.MIN_VALUE}) {
      assertThatThrownBy(() -> Segment.create("test", capacity))
          .satisfies(code(ErrorCode.INVALID))
          .hasMessageContaining("got " + capacity);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void moreThanTheMachineHasIsRefusedBeforeTheKernelIsAsked() {
    for (long capacity : new long[] {1L << 50, Long.MAX_VALUE}) {
      assertThatThrownBy(() -> Segment.create("test", capacity))
          .satisfies(code(ErrorCode.NOT_ENOUGH_MEMORY))
          .hasMessageContaining("asked the machine for " + capacity + " bytes")
          .hasMessageContaining("available");
    }
  }

  @Test
  void machineSaysWhatItHas() {
    String text = "MemTotal:  9 kB\nMemFree: 7 kB\nMemAvailable:  100 kB\nSwapFree:   20 kB\n";
    assertThat(MachineMemory.availableBytes(text)).isEqualTo(120 * 1024);
    assertThat(MachineMemory.availableBytes("MemAvailable: 5 kB\n")).isEqualTo(5 * 1024);
    assertThat(MachineMemory.availableBytes("SwapFree: 5 kB\n")).isEqualTo(Long.MAX_VALUE);
    assertThat(MachineMemory.availableBytes("")).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void lastReferenceClosesIt() {
    Segment segment = Segment.create("test", 4096);
    assertThat(segment.retain()).isSameAs(segment);
    segment.close();
    segment.map(Access.READ_ONLY).close();
    segment.close();
    segment.close();
    for (Runnable late :
        new Runnable[] {
          () -> segment.map(Access.READ_ONLY),
          segment::descriptor,
          segment::sealFutureWrites,
          segment::retain
        }) {
      assertThatThrownBy(late::run).satisfies(code(ErrorCode.ALREADY_STOPPED));
    }
  }

  @Test
  void mappingOutlivesItsSegment() {
    Mapping mapping;
    try (Segment segment = Segment.create("test", 4096)) {
      mapping = segment.map(Access.READ_WRITE);
    }
    Mapping.view(mapping.address(), 8).putLong(0, 42);
    mapping.close();
  }

  @Test
  void closedMappingIsNotReadable() {
    try (Segment segment = Segment.create("test", 4096)) {
      Mapping mapping = segment.map(Access.READ_ONLY);
      assertThat(mapping.access()).isEqualTo(Access.READ_ONLY);
      assertThat(mapping.isClosed()).isFalse();
      mapping.close();
      mapping.close();
      assertThat(mapping.isClosed()).isTrue();
      assertThatThrownBy(mapping::address).satisfies(code(ErrorCode.ALREADY_STOPPED));
      assertThatThrownBy(() -> mapping.address(0, 1)).satisfies(code(ErrorCode.ALREADY_STOPPED));
    }
  }

  @Test
  void partOutsideOfAMappingIsRefused() {
    try (Segment segment = Segment.create("test", 4096);
        Mapping mapping = segment.map(Access.READ_ONLY)) {
      assertThat(mapping.address(4096, 0)).isEqualTo(mapping.address() + 4096);
      long[][] outside = {{0, 4097}, {4096, 1}, {-1, 1}, {0, -1}, {Long.MAX_VALUE, 1}};
      for (long[] part : outside) {
        assertThatThrownBy(() -> mapping.address(part[0], part[1]))
            .satisfies(code(ErrorCode.INVALID))
            .hasMessageContaining(part[1] + " bytes at " + part[0]);
      }
    }
  }

  @Test
  void viewsAreLittleEndianAndBounded() {
    try (Segment segment = Segment.create("test", 4096);
        Mapping mapping = segment.map(Access.READ_WRITE)) {
      ByteBuffer view = Mapping.view(mapping.address(64, 8), 8);
      view.putLong(0, 0x0807060504030201L);
      assertThat(view.get(0)).isEqualTo((byte) 1);
      assertThat(Mapping.addressOf(view)).isEqualTo(mapping.address() + 64);
      assertThatThrownBy(() -> view.get(8)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThat(Mapping.view(0, 0).remaining()).isZero();
    }
  }

  @Test
  void plainMemoryServesWhereNothingCanBeShared() {
    try (Segment segment = Segment.anonymous(4096);
        Mapping writer = segment.map(Access.READ_WRITE);
        Mapping reader = segment.map(Access.READ_ONLY)) {
      segment.sealFutureWrites();
      Mapping.view(writer.address(), 8).putLong(0, 42);
      assertThat(Mapping.view(reader.address(), 8).getLong(0)).isEqualTo(42);
      assertThatThrownBy(segment::descriptor).satisfies(code(ErrorCode.UNSUPPORTED));
    }
    assertThatThrownBy(() -> Segment.anonymous(0)).satisfies(code(ErrorCode.INVALID));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void descriptorsThatAreNoSegmentsAreRefusedAndClosed() throws IOException {
    int unsealed = NativeCalls.memfd_create(FOREIGN, NativeCalls.MFD_ALLOW_SEALING);
    NativeCalls.ftruncate(unsealed, 4096);
    assertForeign(unsealed, 4096, "seals 0");
    int small = NativeCalls.memfd_create(FOREIGN, NativeCalls.MFD_ALLOW_SEALING);
    NativeCalls.ftruncate(small, 4096);
    NativeCalls.fcntl(small, NativeCalls.F_ADD_SEALS, SIZE_SEALS);
    assertForeign(small, 8192, "got 4096 bytes");
    assertThat(foreignDescriptors()).isZero();
  }

  private static void assertForeign(int descriptor, long expectedBytes, String said) {
    assertThatThrownBy(() -> Segment.ofDescriptor(descriptor, expectedBytes))
        .satisfies(code(ErrorCode.PROTOCOL_ERROR))
        .hasMessageContaining(said);
  }

  private static long foreignDescriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.filter(SegmentTest::isForeign).count();
    }
  }

  private static boolean isForeign(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().contains(FOREIGN);
    } catch (IOException e) {
      return false; // closed in the meantime
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void errorsOfTheSystemAreTypedByWhatCanBeDone() {
    Object[][] expected = {
      {28, ErrorCode.NOT_ENOUGH_MEMORY},
      {12, ErrorCode.NOT_ENOUGH_MEMORY},
      {24, ErrorCode.LIMIT_REACHED},
      {23, ErrorCode.LIMIT_REACHED},
      {1, ErrorCode.IO_ERROR},
      {22, ErrorCode.IO_ERROR}
    };
    for (Object[] each : expected) {
      LastErrorException cause = new LastErrorException((int) each[0]);
      VineyardException typed = NativeCalls.error("mmap(7)", cause);
      assertThat(typed.code()).isEqualTo(each[1]);
      assertThat(typed)
          .hasCause(cause)
          .hasMessageContaining("mmap(7) failed")
          .hasMessageContaining("errno " + each[0]);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void addressSpaceThatIsUsedUpIsATypedError() {
    try (Segment segment = Segment.create("test", 4096)) {
      LastErrorException refused =
          catchThrowableOfType(
              LastErrorException.class,
              () ->
                  NativeCalls.mmap(
                      0,
                      1L << 62,
                      NativeCalls.PROT_READ,
                      NativeCalls.MAP_SHARED,
                      segment.descriptor(),
                      0));
      assertThat(NativeCalls.error("mmap", refused)).satisfies(code(ErrorCode.NOT_ENOUGH_MEMORY));
    }
  }
}
