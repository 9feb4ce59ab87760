package io.vineyard.store.memory;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;

/**
 * The calls of the C library, and how their errors are told.
 *
 * <p>Direct mapping: each method is bound to the function of its name when this class is
 * initialised. Numbers are those of Linux on every architecture that it runs on.
 */
final class NativeCalls {
  static final boolean AVAILABLE = Platform.isLinux() && Platform.is64Bit();

  static final int MFD_CLOEXEC = 1;
  static final int MFD_ALLOW_SEALING = 2;
  static final int F_ADD_SEALS = 1033;
  static final int F_GET_SEALS = 1034;
  static final int F_SEAL_SEAL = 1;
  static final int F_SEAL_SHRINK = 2;
  static final int F_SEAL_GROW = 4;
  static final int F_SEAL_FUTURE_WRITE = 16;
  static final int PROT_READ = 1;
  static final int PROT_WRITE = 2;
  static final int MAP_SHARED = 1;
  static final int MAP_POPULATE = 0x8000;
  static final int SEEK_END = 2;
  static final int FALLOC_FL_KEEP_SIZE = 1;
  static final int FALLOC_FL_PUNCH_HOLE = 2;

  private static final int ENOMEM = 12;
  private static final int ENFILE = 23;
  private static final int EMFILE = 24;
  private static final int ENOSPC = 28;

  static {
    if (AVAILABLE) {
      Native.register(NativeCalls.class, "c");
    }
  }

  private NativeCalls() {}

  static native int memfd_create(String name, int flags) throws LastErrorException;

  static native int ftruncate(int fd, long sizeBytes) throws LastErrorException;

  static native int fallocate(int fd, int mode, long offset, long sizeBytes)
      throws LastErrorException;

  static native int fcntl(int fd, int command, int argument) throws LastErrorException;

  static native long lseek(int fd, long offset, int whence) throws LastErrorException;

  static native long mmap(long address, long sizeBytes, int protection, int flags, int fd, long at)
      throws LastErrorException;

  static native int munmap(long address, long sizeBytes) throws LastErrorException;

  static native int close(int fd) throws LastErrorException;

  /** Returns the error for a call that failed. */
  static VineyardException error(String call, LastErrorException cause) {
    ErrorCode code =
        switch (cause.getErrorCode()) {
          case ENOMEM, ENOSPC -> ErrorCode.NOT_ENOUGH_MEMORY;
          case EMFILE, ENFILE -> ErrorCode.LIMIT_REACHED;
          default -> ErrorCode.IO_ERROR;
        };
    return VineyardException.of(
        code,
        call + " failed: " + cause.getMessage() + " (errno " + cause.getErrorCode() + ")",
        cause);
  }
}
