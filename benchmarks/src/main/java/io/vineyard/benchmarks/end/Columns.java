package io.vineyard.benchmarks.end;

import org.apache.arrow.memory.util.MemoryUtil;

/**
 * The values of the batches: four columns of int64, of which the first begins with the number of
 * the batch and the last ends with a value that follows from it.
 *
 * <p>All peers write and read them with the same loops over plain addresses.
 */
public final class Columns {
  /** How many columns there are. */
  public static final int COUNT = 4;

  private static final long SPREAD = 0x9E3779B97F4A7C15L;

  private Columns() {}

  /** Returns the name of a column. */
  public static String name(int column) {
    return "c" + column;
  }

  /** Writes what the reader of this work expects in a column of a batch. */
  public static void fill(Work work, int column, long address, int rows, long number) {
    if (work == Work.PIPELINE) {
      long first = number + column;
      for (long row = 0; row < rows; row++) {
        MemoryUtil.putLong(address + row * Long.BYTES, first + row);
      }
      return;
    }
    if (column == 0) {
      MemoryUtil.putLong(address, number);
    }
    if (column == COUNT - 1) {
      MemoryUtil.putLong(address + (rows - 1L) * Long.BYTES, number * SPREAD);
    }
  }

  /** Writes a whole batch whose columns lie one behind the other. */
  public static void fillAll(Round round, long address, long number) {
    for (int column = 0; column < COUNT; column++) {
      long start = address + (long) column * round.columnBytes();
      fill(round.work(), column, start, round.rows(), number);
    }
  }

  /**
   * Checks a column of a batch.
   *
   * @throws IllegalStateException if a value is wrong
   */
  public static void check(Work work, int column, long address, int rows, long number) {
    if (work == Work.PIPELINE) {
      long first = number + column;
      require("sum of " + name(column), sum(address, rows), sumOf(first, rows), number);
      return;
    }
    if (column == 0) {
      require("first value", MemoryUtil.getLong(address), number, number);
    }
    if (column == COUNT - 1) {
      long last = MemoryUtil.getLong(address + (rows - 1L) * Long.BYTES);
      require("last value", last, number * SPREAD, number);
    }
  }

  /** Checks a whole batch whose columns lie one behind the other. */
  public static void checkAll(Round round, long address, long number) {
    for (int column = 0; column < COUNT; column++) {
      long start = address + (long) column * round.columnBytes();
      check(round.work(), column, start, round.rows(), number);
    }
  }

  /** Fails unless two numbers are equal. */
  public static void require(String what, long actual, long expected, long number) {
    if (actual != expected) {
      throw new IllegalStateException(
          "expected %s of batch %d to be %d, got %d".formatted(what, number, expected, actual));
    }
  }

  private static long sum(long address, int rows) {
    long sum = 0;
    for (long row = 0; row < rows; row++) {
      sum += MemoryUtil.getLong(address + row * Long.BYTES);
    }
    return sum;
  }

  private static long sumOf(long first, long rows) {
    return rows * first + rows * (rows - 1) / 2;
  }
}
