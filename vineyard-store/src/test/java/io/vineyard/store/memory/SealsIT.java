package io.vineyard.store.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import io.vineyard.store.Blob;
import io.vineyard.store.BlobWriter;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.Pattern;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import io.vineyard.store.process.ChildJvm;
import io.vineyard.store.process.ParentLines;
import io.vineyard.store.process.RawClient;
import io.vineyard.store.process.StoreProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * What the kernel refuses to whoever has got a sealed segment: a reader in a process of its own, by
 * the descriptor that it was sent, by new ones of the same file, and by its mapping.
 */
@EnabledOnOs(OS.LINUX)
class SealsIT {
  private static final long SEGMENT_BYTES = 1 << 20;
  private static final int BLOB_BYTES = 100_000;

  private static ObjectId seal(ObjectStore store) {
    try (BlobWriter writer = Waits.value(store.createBlob(BLOB_BYTES))) {
      Pattern.fill(writer.address(), BLOB_BYTES, 7);
      return Waits.value(writer.seal());
    }
  }

  @Test
  void readersProcessCannotChangeASegmentInAnyWay() {
    try (StoreProcess process = StoreProcess.start(16 * SEGMENT_BYTES, SEGMENT_BYTES);
        ObjectStore store = process.connectNow()) {
      ObjectId blob = seal(store);
      Map<String, String> said = new LinkedHashMap<>();
      try (ChildJvm reader =
          ChildJvm.start(Reader.class, process.socket(), process.child().pid(), blob)) {
        for (String line = reader.expect(""); !line.equals("done"); line = reader.expect("")) {
          String[] parts = line.split(": ", 2);
          said.put(parts[0], parts[1]);
        }
      }
      assertThat(said).as("what the kernel answered").isEqualTo(expected());
      try (Blob again = Waits.value(store.getBlob(blob))) {
        Pattern.check(again.address(), BLOB_BYTES, 7);
      }
      Waits.done(store.delete(blob));
      Waits.untilIdle(store);
    }
  }

  /** By each way: what was tried, and the error number of its refusal. */
  private static Map<String, String> expected() {
    Map<String, String> expected = new LinkedHashMap<>();
    for (String way : List.of("received", "reopened", "reopened from the store")) {
      expected.put(way + " map for writing", "refused 1");
      expected.put(way + " pwrite", "refused 1");
      expected.put(way + " shrink", "refused 1");
      expected.put(way + " grow", "refused 1");
      expected.put(way + " punch a hole", "refused 1");
      expected.put(way + " add a seal", "refused 1");
    }
    expected.put("mapping made writable", "refused 13");
    expected.put("mapping written as a file", "refused 5");
    expected.put("bytes", "unchanged");
    return expected;
  }

  @Test
  void writerCannotCutItsOwnSegmentAndHasToMapItAtOnce() {
    try (StoreProcess process = StoreProcess.start(16 * SEGMENT_BYTES, SEGMENT_BYTES);
        RawClient writer = RawClient.attach(process.socket())) {
      writer.send(new Command.LeaseSegment(1, SEGMENT_BYTES, SEGMENT_BYTES));
      int descriptor = writer.nextDescriptor();
      try (Segment segment = Segment.ofDescriptor(descriptor, SEGMENT_BYTES)) {
        assertRefused(1, () -> NativeCalls.ftruncate(descriptor, 4096));
        assertRefused(1, () -> NativeCalls.ftruncate(descriptor, 0));
        assertRefused(1, () -> NativeCalls.ftruncate(descriptor, 2 * SEGMENT_BYTES));
        try (Mapping mapping = segment.map(Segment.Access.READ_WRITE)) {
          Pattern.fill(mapping.address(), BLOB_BYTES, 7);
          writer.send(new Command.SegmentMapped(1));
          writer.send(new Command.GetStatus(2));
          writer.next(Event.Status.class);
          Pattern.fill(mapping.address(), BLOB_BYTES, 8);
          Pattern.check(mapping.address(), BLOB_BYTES, 8);
          assertThatThrownBy(() -> segment.map(Segment.Access.READ_WRITE))
              .isInstanceOf(VineyardException.class)
              .hasMessageContaining("errno 1");
          assertRefused(1, () -> NativeCalls.ftruncate(descriptor, 4096));
          assertRefused(1, () -> Extra.pwrite(descriptor, new byte[8], 8, 0));
        }
      }
    }
  }

  private static void assertRefused(int number, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            LastErrorException.class, e -> assertThat(e.getErrorCode()).isEqualTo(number));
  }

  @Test
  void allPagesAreReservedWhenASegmentIsMade() throws Exception {
    for (long capacity : new long[] {1, 4096, 4097, 1 << 20, 100L << 20}) {
      try (Segment segment = Segment.create("test", capacity)) {
        Path file = Path.of("/proc", "" + ProcessHandle.current().pid(), "fd");
        Process stat =
            new ProcessBuilder("stat", "-L", "-c", "%b", file + "/" + segment.descriptor()).start();
        long blocks =
            Long.parseLong(
                new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).trim());
        assertThat(blocks * 512).isGreaterThanOrEqualTo(capacity);
        assertThat(stat.waitFor()).isZero();
      }
    }
  }

  @Test
  void processWithoutDescriptorsGetsATypedErrorAndGoesOn() {
    try (ChildJvm child = ChildJvm.start(Hungry.class)) {
      child.expect("beforehand");
      assertThat(child.expect("refused")).startsWith("LIMIT_REACHED").contains("errno 24");
      child.expect("made");
    }
  }

  /** Calls that only those need who want to break something. */
  static final class Extra {
    static final int O_RDWR = 2;
    static final int PUNCH_HOLE = 3; // with its size kept
    static final int F_SEAL_WRITE = 8;
    static final int RLIMIT_NOFILE = 7;

    static {
      Native.register(Extra.class, "c");
    }

    private Extra() {}

    static native int open(String path, int flags) throws LastErrorException;

    static native long pwrite(int fd, byte[] bytes, long count, long offset)
        throws LastErrorException;

    static native int mprotect(long address, long sizeBytes, int protection)
        throws LastErrorException;

    static native int setrlimit(int resource, long[] softAndHard) throws LastErrorException;
  }

  /** A reader that means harm. */
  static final class Reader {
    private Reader() {}

    public static void main(String[] arguments) throws IOException {
      Path socket = Path.of(arguments[0]);
      ObjectId id = ObjectId.parse(arguments[2]);
      try (ObjectStore store = VineyardClient.create().socket(socket).connectNow();
          Blob blob = Waits.value(store.getBlob(id));
          RawClient raw = RawClient.attach(socket)) {
        raw.send(new Command.GetObject(1, id.value(), true));
        int received = raw.nextDescriptor();
        harm("received", received);
        harm("reopened", Extra.open("/proc/self/fd/" + received, Extra.O_RDWR));
        harm("reopened from the store", Extra.open(segmentOf(arguments[1]), Extra.O_RDWR));
        long page = blob.address() & -4096;
        int writable = NativeCalls.PROT_READ | NativeCalls.PROT_WRITE;
        attempt("mapping made writable", () -> Extra.mprotect(page, 4096, writable));
        int memory = Extra.open("/proc/self/mem", Extra.O_RDWR);
        attempt(
            "mapping written as a file",
            () -> Extra.pwrite(memory, new byte[8], 8, blob.address()));
        Pattern.check(blob.address(), BLOB_BYTES, 7);
        try (Segment segment = Segment.ofDescriptor(received, SEGMENT_BYTES);
            Mapping mapping = segment.map(Segment.Access.READ_ONLY)) {
          Pattern.check(mapping.address(), BLOB_BYTES, 7);
        }
        ParentLines.say("bytes: unchanged");
      }
      ParentLines.say("done");
    }

    private static String segmentOf(String pid) throws IOException {
      try (Stream<Path> open = Files.list(Path.of("/proc", pid, "fd"))) {
        return open.filter(Reader::isSegment).findFirst().orElseThrow().toString();
      }
    }

    private static boolean isSegment(Path descriptor) {
      try {
        return Files.readSymbolicLink(descriptor).toString().contains("memfd:vineyard");
      } catch (IOException e) {
        return false;
      }
    }

    private static void harm(String way, int fd) {
      byte[] bytes = new byte[8];
      int writable = NativeCalls.PROT_READ | NativeCalls.PROT_WRITE;
      attempt(
          way + " map for writing",
          () -> NativeCalls.mmap(0, SEGMENT_BYTES, writable, NativeCalls.MAP_SHARED, fd, 0));
      attempt(way + " pwrite", () -> Extra.pwrite(fd, bytes, 8, 0));
      attempt(way + " shrink", () -> NativeCalls.ftruncate(fd, 4096));
      attempt(way + " grow", () -> NativeCalls.ftruncate(fd, 2 * SEGMENT_BYTES));
      attempt(way + " punch a hole", () -> NativeCalls.fallocate(fd, Extra.PUNCH_HOLE, 0, 4096));
      attempt(
          way + " add a seal",
          () -> NativeCalls.fcntl(fd, NativeCalls.F_ADD_SEALS, Extra.F_SEAL_WRITE));
    }

    private static void attempt(String what, Runnable call) {
      try {
        call.run();
        ParentLines.say(what + ": done");
      } catch (LastErrorException e) {
        ParentLines.say(what + ": refused " + e.getErrorCode());
      }
    }
  }

  /** A process that may have hardly any descriptors. */
  static final class Hungry {
    private Hungry() {}

    public static void main(String[] arguments) {
      // A class that is not loaded yet needs a descriptor as well.
      ParentLines.say("beforehand " + NativeCalls.error("test", new LastErrorException(1)));
      try (Segment first = Segment.create("test", 4096)) {
        long hard = 1 << 14;
        Extra.setrlimit(Extra.RLIMIT_NOFILE, new long[] {first.descriptor() + 1L, hard});
        try {
          Segment.create("test", 4096).close();
        } catch (VineyardException e) {
          Extra.setrlimit(Extra.RLIMIT_NOFILE, new long[] {hard, hard});
          ParentLines.say("refused " + e.code() + " " + e.getMessage());
        }
      }
      try (Segment next = Segment.create("test", 4096)) {
        ParentLines.say("made " + next.capacityBytes());
      }
    }
  }
}
