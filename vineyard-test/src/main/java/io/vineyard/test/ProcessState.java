package io.vineyard.test;

import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What this whole JVM has at one moment.
 *
 * @param threads the threads that are alive
 * @param descriptors what the descriptors stand for, by their numbers; empty elsewhere than on
 *     Linux
 * @param segments how many segments are open
 * @param mappings how many are mapped
 */
record ProcessState(
    Set<Thread> threads, Map<Integer, String> descriptors, int segments, int mappings) {

  /** How the names of threads begin that others make once, and keep. */
  private static final List<String> KEPT_THREADS =
      List.of(
          "parallel-",
          "boundedElastic-",
          "vineyard-memory-",
          "single-",
          "immediate-",
          "reactor-",
          "loomBoundedElastic-",
          "ForkJoinPool",
          "CompletableFutureDelayScheduler",
          "Cleaner-",
          "Common-Cleaner",
          "process reaper",
          "globalEventExecutor",
          "Attach Listener",
          "VirtualThread",
          "junit-",
          "surefire-",
          "logback-",
          "JNA ",
          "vineyard-client",
          TestServerProcess.THREADS);

  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final Pattern SOCKET = Pattern.compile("socket:\\[(\\d+)]");

  /** What holds code: classes, libraries, and what those make for their own use. */
  private static final Pattern CODE =
      Pattern.compile(".*(\\.jar|\\.so|\\.jmod|/modules|/ffi\\w+ \\(deleted\\)|/memfd:libffi.*)");

  private static final int APPENDS = 1 << 10;
  private static final int OCTAL = 8;
  private static final String FLAGS = "flags:";
  private static final int UNIX_INODE = 6;

  static {
    // With its first channel, newer ones with the first of each kind, the JVM opens a socket that
    // it keeps.
    try (SocketChannel socket = SocketChannel.open();
        FileChannel file = FileChannel.open(Path.of(System.getProperty("java.home"), "release"))) {
      assert socket.isOpen() && file.isOpen();
    } catch (IOException absent) {
      assert !Files.exists(Path.of(System.getProperty("java.home"), "release")) : absent;
    }
  }

  static ProcessState now() {
    return new ProcessState(
        liveThreads(), openDescriptors(), Segment.openCount(), Mapping.openCount());
  }

  private static Set<Thread> liveThreads() {
    Set<Thread> live = Collections.newSetFromMap(new IdentityHashMap<>());
    live.addAll(Thread.getAllStackTraces().keySet());
    return live;
  }

  /** Returns the threads that were not there before, and that nobody is known to keep. */
  List<Thread> newThreads(List<String> ignored) {
    return liveThreads().stream()
        .filter(thread -> !threads.contains(thread))
        .filter(thread -> isTests(thread, ignored))
        .toList();
  }

  private static boolean isTests(Thread thread, List<String> ignored) {
    ThreadGroup group = thread.getThreadGroup();
    return thread != Thread.currentThread()
        && group != null
        && !group.getName().equals("system")
        && !group.getName().equals("InnocuousThreadGroup")
        && Stream.concat(KEPT_THREADS.stream(), ignored.stream())
            .noneMatch(thread.getName()::startsWith);
  }

  /** Returns the descriptors that were not there before, of what tests open. */
  List<String> newDescriptors() {
    List<String> found = new ArrayList<>();
    Set<String> unixSockets = unixSockets();
    openDescriptors()
        .forEach(
            (number, target) -> {
              if (!target.equals(descriptors.get(number)) && isTests(number, target, unixSockets)) {
                found.add("descriptor " + number + ", " + target);
              }
            });
    return found;
  }

  private static boolean isTests(int number, String target, Set<String> unixSockets) {
    Matcher socket = SOCKET.matcher(target);
    if (socket.matches()) {
      return unixSockets.contains(socket.group(1));
    }
    return target.startsWith("/")
        && !target.startsWith("/dev/")
        && !target.startsWith("/proc/")
        && !target.startsWith("/sys/")
        && !CODE.matcher(target).matches()
        && !target.startsWith(System.getProperty("java.home") + File.separator)
        && !isAppendedTo(number);
  }

  /** Logs are opened once, and kept. */
  private static boolean isAppendedTo(int number) {
    try {
      return Files.readAllLines(Path.of("/proc/self/fdinfo/" + number)).stream()
          .filter(line -> line.startsWith(FLAGS))
          .map(line -> line.substring(FLAGS.length()).trim())
          .anyMatch(flags -> (Integer.parseInt(flags, OCTAL) & APPENDS) != 0);
    } catch (IOException gone) {
      return true;
    }
  }

  private static Set<String> unixSockets() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/net/unix"), StandardCharsets.UTF_8)) {
      return lines
          .map(line -> line.trim().split(" +"))
          .filter(words -> words.length > UNIX_INODE)
          .map(words -> words[UNIX_INODE])
          .collect(Collectors.toSet());
    } catch (IOException absent) {
      return Set.of();
    }
  }

  private static Map<Integer, String> openDescriptors() {
    Map<Integer, String> found = new TreeMap<>();
    File[] links = DESCRIPTORS.toFile().listFiles();
    for (File link : links == null ? new File[0] : links) {
      try {
        String target = Files.readSymbolicLink(link.toPath()).toString();
        found.put(Integer.parseInt(link.getName()), target);
      } catch (IOException gone) {
        // that of the listing itself
      }
    }
    return found;
  }

  boolean hasMoreMemory() {
    return Segment.openCount() > segments || Mapping.openCount() > mappings;
  }

  String moreMemory() {
    return "segments of shared memory: %d open and %d mapped, %d and %d before the test"
        .formatted(Segment.openCount(), Mapping.openCount(), segments, mappings);
  }
}
