package io.vineyard.benchmarks.end;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.io.File;
import java.lang.management.ManagementFactory;

/**
 * What this process has used so far.
 *
 * @param cpuNanos processor time of all threads
 * @param allocatedBytes what its living threads have allocated on the heap
 */
public record Usage(long cpuNanos, long allocatedBytes) {
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Returns what was used until now. */
  public static Usage now() {
    long allocated = 0;
    for (long bytes : THREADS.getThreadAllocatedBytes(THREADS.getAllThreadIds())) {
      allocated += Math.max(0, bytes);
    }
    return new Usage(SYSTEM.getProcessCpuTime(), allocated);
  }

  /** Returns this as an answer. */
  public Line toLine() {
    return Line.of(EndLoop.DONE)
        .with("cpu", cpuNanos)
        .with("allocated", allocatedBytes)
        .with("threads", THREADS.getThreadCount())
        .with("descriptors", descriptors());
  }

  private static int descriptors() {
    String[] open = new File("/proc/self/fd").list();
    return open == null ? 0 : open.length;
  }
}
