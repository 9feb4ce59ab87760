package io.vineyard.store.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the machine can still give. The kernel would rather end a process, whichever it likes, than
 * refuse pages that it has not got.
 */
final class MachineMemory {
  private static final Path SOURCE = Path.of("/proc/meminfo");
  private static final Pattern MEMORY = line("MemAvailable");
  private static final Pattern SWAP = line("SwapFree");
  private static final long KIB = 1024;

  private MachineMemory() {}

  private static Pattern line(String name) {
    return Pattern.compile("^" + name + ": +([0-9]{1,15}) kB$", Pattern.MULTILINE);
  }

  /** Returns how many bytes it has, swap included; {@link Long#MAX_VALUE} if it does not say. */
  static long availableBytes() {
    try {
      return availableBytes(Files.readString(SOURCE));
    } catch (IOException e) {
      return Long.MAX_VALUE;
    }
  }

  static long availableBytes(String text) {
    Matcher memory = MEMORY.matcher(text);
    if (!memory.find()) {
      return Long.MAX_VALUE;
    }
    Matcher swap = SWAP.matcher(text);
    return (Long.parseLong(memory.group(1)) + (swap.find() ? Long.parseLong(swap.group(1)) : 0))
        * KIB;
  }
}
