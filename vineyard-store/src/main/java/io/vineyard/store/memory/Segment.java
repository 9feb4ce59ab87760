package io.vineyard.store.memory;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A shared region that is mapped as a whole.
 *
 * <p>On Linux it is a {@code memfd} whose pages are reserved when it is created and whose size is
 * sealed, so that nobody who maps it can be hurt by its being cut. Elsewhere it is plain memory of
 * this process. Counted: {@link #create} and {@link #ofDescriptor} give one reference, {@link
 * #retain} another, and {@link #close} takes one; the last closes the descriptor. Mappings live on
 * by themselves. Thread-safe.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/memfd_create.2.html">memfd_create(2)</a>
 */
public final class Segment implements AutoCloseable {
  /** What a mapping may be used for. */
  public enum Access {
    /** The bytes can be read; the kernel ends a process that writes. */
    READ_ONLY,
    /** The bytes can be read and written. */
    READ_WRITE
  }

  private static final AtomicInteger OPEN = new AtomicInteger();
  private static final int SIZE_SEALS = NativeCalls.F_SEAL_SHRINK | NativeCalls.F_SEAL_GROW;
  private static final int WRITE_SEALS = NativeCalls.F_SEAL_FUTURE_WRITE | NativeCalls.F_SEAL_SEAL;

  private final int descriptor;
  private final long capacityBytes;
  private final @Nullable Memory memory;
  private final boolean isForeign;
  private final AtomicInteger references = new AtomicInteger(1);

  private Segment(int descriptor, long capacityBytes, @Nullable Memory memory, boolean isForeign) {
    this.descriptor = descriptor;
    this.capacityBytes = capacityBytes;
    this.memory = memory;
    this.isForeign = isForeign;
    OPEN.incrementAndGet();
  }

  /**
   * Makes a segment with all its pages.
   *
   * @param name shown by the operating system, for example in {@code /proc}
   * @throws VineyardException with {@link ErrorCode#NOT_ENOUGH_MEMORY} if the machine has not got
   *     the pages, {@link ErrorCode#LIMIT_REACHED} if it has no descriptor left, or {@link
   *     ErrorCode#INVALID} for a capacity below 1
   */
  public static Segment create(String name, long capacityBytes) {
    return NativeCalls.AVAILABLE ? shared(name, capacityBytes) : anonymous(capacityBytes);
  }

  private static Segment shared(String name, long capacityBytes) {
    checkCapacity(capacityBytes);
    checkAvailable(capacityBytes);
    String call = "memfd_create(" + name + ")";
    int fd = -1;
    try {
      fd = NativeCalls.memfd_create(name, NativeCalls.MFD_CLOEXEC | NativeCalls.MFD_ALLOW_SEALING);
      call = "ftruncate(" + fd + ", " + capacityBytes + ")";
      NativeCalls.ftruncate(fd, capacityBytes);
      call = "fallocate(" + fd + ", " + capacityBytes + ")";
      NativeCalls.fallocate(fd, 0, 0, capacityBytes);
      call = "fcntl(" + fd + ", F_ADD_SEALS, SHRINK|GROW)";
      NativeCalls.fcntl(fd, NativeCalls.F_ADD_SEALS, SIZE_SEALS);
      return new Segment(fd, capacityBytes, null, false);
    } catch (LastErrorException e) {
      closeQuietly(fd);
      throw NativeCalls.error(call, e);
    }
  }

  private static void checkAvailable(long capacityBytes) {
    long available = MachineMemory.availableBytes();
    if (capacityBytes > available) {
      throw VineyardException.of(
          ErrorCode.NOT_ENOUGH_MEMORY,
          "asked the machine for "
              + capacityBytes
              + " bytes of memory, "
              + available
              + " bytes are available");
    }
  }

  /** Makes a segment of this process's plain memory, as on systems without memfd. */
  static Segment anonymous(long capacityBytes) {
    checkCapacity(capacityBytes);
    try {
      return new Segment(-1, capacityBytes, new Memory(capacityBytes), false);
    } catch (OutOfMemoryError e) {
      throw VineyardException.of(
          ErrorCode.NOT_ENOUGH_MEMORY,
          "expected " + capacityBytes + " bytes of memory, the system has not got them",
          e);
    }
  }

  private static void checkCapacity(long capacityBytes) {
    if (capacityBytes < 1) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected a capacity of at least 1 byte, got " + capacityBytes);
    }
  }

  /**
   * Makes a segment of a descriptor that came from a peer, and takes the descriptor over: it is
   * closed if this fails.
   *
   * @throws VineyardException with {@link ErrorCode#PROTOCOL_ERROR} if the descriptor is not that
   *     of a region of this size whose size is sealed
   */
  public static Segment ofDescriptor(int fd, long expectedBytes) {
    try {
      long size = NativeCalls.lseek(fd, 0, NativeCalls.SEEK_END);
      int seals = NativeCalls.fcntl(fd, NativeCalls.F_GET_SEALS, 0);
      if (size == expectedBytes && (seals & SIZE_SEALS) == SIZE_SEALS) {
        return new Segment(fd, expectedBytes, null, false);
      }
      closeQuietly(fd);
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected a segment of "
              + expectedBytes
              + " bytes with its size sealed, got "
              + size
              + " bytes with seals "
              + seals);
    } catch (LastErrorException e) {
      closeQuietly(fd);
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected the descriptor of a segment, got " + fd + ": " + e.getMessage(),
          e);
    }
  }

  /**
   * Makes a segment of the beginning of a file that a Vineyard server shares, and takes the
   * descriptor over: it is closed if this fails. Such a file is not sealed, and may be much larger
   * than what is used of it, so that its pages come when they are touched.
   *
   * @throws VineyardException with {@link ErrorCode#PROTOCOL_ERROR} if the file is shorter
   */
  public static Segment ofForeignFile(int fd, long capacityBytes) {
    try {
      long size = NativeCalls.lseek(fd, 0, NativeCalls.SEEK_END);
      if (capacityBytes >= 1 && size >= capacityBytes) {
        return new Segment(fd, capacityBytes, null, true);
      }
      closeQuietly(fd);
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected a file of at least " + capacityBytes + " bytes, got " + size);
    } catch (LastErrorException e) {
      closeQuietly(fd);
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected the descriptor of a file, got " + fd + ": " + e.getMessage(),
          e);
    }
  }

  private static void closeQuietly(int fd) {
    if (fd >= 0) {
      try {
        NativeCalls.close(fd);
      } catch (LastErrorException e) {
        assert false : "closing descriptor " + fd + ": " + e;
      }
    }
  }

  /** Returns how many segments of this JVM are open. */
  public static int openCount() {
    return OPEN.get();
  }

  /**
   * Returns the descriptor, which still belongs to this segment.
   *
   * @throws VineyardException with {@link ErrorCode#UNSUPPORTED} if there is none on this system
   */
  public int descriptor() {
    checkOpen();
    if (memory != null) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED, "expected Linux, where memory can be shared with other processes");
    }
    return descriptor;
  }

  /** Returns the capacity in bytes. */
  public long capacityBytes() {
    return capacityBytes;
  }

  /**
   * Maps the whole segment; the caller closes the mapping.
   *
   * @throws VineyardException if the kernel refuses: with {@link ErrorCode#NOT_ENOUGH_MEMORY}
   *     without room, or {@link ErrorCode#IO_ERROR} for writing after {@link #sealFutureWrites}
   */
  public Mapping map(Access access) {
    return map(access, isForeign ? 0 : NativeCalls.MAP_POPULATE);
  }

  /**
   * Maps the whole segment as {@link #map} does, but each page when it is touched: takes no time
   * for those, of a large segment, that never are.
   */
  public Mapping mapLazily(Access access) {
    return map(access, 0);
  }

  private Mapping map(Access access, int populate) {
    checkOpen();
    if (memory != null) {
      return Mapping.of(memory, access);
    }
    int protection =
        access == Access.READ_ONLY
            ? NativeCalls.PROT_READ
            : NativeCalls.PROT_READ | NativeCalls.PROT_WRITE;
    try {
      int flags = NativeCalls.MAP_SHARED | populate;
      long address = NativeCalls.mmap(0, capacityBytes, protection, flags, descriptor, 0);
      return Mapping.of(address, capacityBytes, access);
    } catch (LastErrorException e) {
      throw NativeCalls.error("mmap(" + capacityBytes + ", " + access + ", " + descriptor + ")", e);
    }
  }

  /**
   * Forbids, for everybody and for ever, to map this segment for writing or to write to it.
   * Writable mappings that exist go on.
   */
  public void sealFutureWrites() {
    checkOpen();
    if (memory == null) {
      try {
        NativeCalls.fcntl(descriptor, NativeCalls.F_ADD_SEALS, WRITE_SEALS);
      } catch (LastErrorException e) {
        throw NativeCalls.error("fcntl(" + descriptor + ", F_ADD_SEALS, FUTURE_WRITE|SEAL)", e);
      }
    }
  }

  /**
   * Gives all pages back to the system; whoever has it mapped reads zeros. Not after {@link
   * #sealFutureWrites}.
   */
  public void discard() {
    checkOpen();
    if (memory == null) {
      try {
        int mode = NativeCalls.FALLOC_FL_KEEP_SIZE | NativeCalls.FALLOC_FL_PUNCH_HOLE;
        NativeCalls.fallocate(descriptor, mode, 0, capacityBytes);
      } catch (LastErrorException e) {
        throw NativeCalls.error("fallocate(" + descriptor + ", PUNCH_HOLE)", e);
      }
    }
  }

  /**
   * Reserves all pages again after {@link #discard}.
   *
   * @throws VineyardException with {@link ErrorCode#NOT_ENOUGH_MEMORY} if the machine has not got
   *     them
   */
  public void reserve() {
    checkOpen();
    if (memory == null) {
      checkAvailable(capacityBytes);
      try {
        NativeCalls.fallocate(descriptor, 0, 0, capacityBytes);
      } catch (LastErrorException e) {
        throw NativeCalls.error("fallocate(" + descriptor + ", " + capacityBytes + ")", e);
      }
    }
  }

  /** Adds a reference, which {@link #close} takes away. */
  public Segment retain() {
    int before = references.getAndUpdate(count -> count == 0 ? 0 : count + 1);
    if (before == 0) {
      throw closed();
    }
    return this;
  }

  @Override
  public void close() {
    int before = references.getAndUpdate(count -> count == 0 ? 0 : count - 1);
    if (before == 1) {
      OPEN.decrementAndGet();
      closeQuietly(descriptor);
    }
  }

  private void checkOpen() {
    if (references.get() == 0) {
      throw closed();
    }
  }

  private static VineyardException closed() {
    return VineyardException.of(
        ErrorCode.ALREADY_STOPPED, "expected an open segment, it was closed");
  }
}
