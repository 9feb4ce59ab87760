package io.vineyard.store.memory;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.util.Arrays;

/**
 * Cuts a region into pieces by two-level segregated fit: allocating and freeing each take a bounded
 * number of steps, and neighbours that are free are always one block.
 *
 * <p>The region is counted in units of 64 bytes. A block is a row of parallel arrays on the heap,
 * so that nothing is written into the region itself; rows are reused. Blocks that are free hang in
 * lists by size: the first level is the highest bit of the size in units, the second the three bits
 * below it. The block freed last is taken first, since its pages are most likely in the cache. Not
 * thread-safe.
 *
 * @see <a href="https://doi.org/10.1109/EMRTS.2004.1311009">Masmano, Ripoll, Crespo, Real: TLSF, a
 *     new dynamic memory allocator for real-time systems (2004)</a>
 */
public final class SubAllocator {
  /** Every offset is a multiple of this. */
  public static final int UNIT_BYTES = 64;

  private static final int UNIT_SHIFT = 6;
  private static final int SECOND_SHIFT = 3;
  private static final int SECOND_COUNT = 1 << SECOND_SHIFT;
  private static final int FIRST_COUNT = 58;
  private static final int NONE = -1;
  private static final int FIRST_ROWS = 64;

  private final long capacityUnits;
  private long freeUnits;

  private long firstBits;
  private final int[] secondBits = new int[FIRST_COUNT];
  private final int[] heads = new int[FIRST_COUNT * SECOND_COUNT];

  // A block is a row of these. Neighbours are linked by place, free blocks by list as well.
  private long[] start = new long[FIRST_ROWS];
  private long[] units = new long[FIRST_ROWS];
  private int[] before = new int[FIRST_ROWS];
  private int[] after = new int[FIRST_ROWS];
  private int[] listBefore = new int[FIRST_ROWS];
  private int[] listAfter = new int[FIRST_ROWS];
  private boolean[] free = new boolean[FIRST_ROWS];
  private int rows;
  private int spareRow = NONE;

  private final RowIndex usedByStart = new RowIndex();

  /**
   * Makes an allocator for a region that is all free.
   *
   * @param capacityBytes its bytes; a rest that is no whole unit is never used
   */
  public SubAllocator(long capacityBytes) {
    this.capacityUnits = capacityBytes >> UNIT_SHIFT;
    Arrays.fill(heads, NONE);
    if (capacityUnits > 0) {
      int row = newRow(0, capacityUnits);
      before[row] = NONE;
      after[row] = NONE;
      addFree(row);
    }
  }

  /** Returns how many bytes are free, in one piece or in many. */
  public long freeBytes() {
    return freeUnits << UNIT_SHIFT;
  }

  /** Returns how many bytes are allocated, rounded up to units. */
  public long usedBytes() {
    return (capacityUnits - freeUnits) << UNIT_SHIFT;
  }

  /** Returns whether nothing is allocated. */
  public boolean isEmpty() {
    return freeUnits == capacityUnits;
  }

  /**
   * Allocates bytes.
   *
   * @return the offset, a multiple of 64; -1 if no free block is large enough, of which, so that
   *     the number of steps is bounded, only some are looked at that are nearly too small
   * @throws VineyardException with {@link ErrorCode#INVALID} for less than 1 byte
   */
  public long allocate(long bytes) {
    if (bytes < 1) {
      throw VineyardException.of(ErrorCode.INVALID, "expected at least 1 byte, got " + bytes);
    }
    long wanted = ((bytes - 1) >> UNIT_SHIFT) + 1;
    if (wanted > freeUnits) {
      return -1;
    }
    int row = find(wanted);
    if (row == NONE) {
      return -1;
    }
    removeFree(row);
    if (units[row] > wanted) {
      split(row, wanted);
    }
    usedByStart.put(start[row], row);
    return start[row] << UNIT_SHIFT;
  }

  /**
   * Frees what was allocated at an offset.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} if nothing is allocated there
   */
  public void free(long offset) {
    int row = (offset & (UNIT_BYTES - 1)) == 0 ? usedByStart.remove(offset >> UNIT_SHIFT) : NONE;
    if (row == NONE) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected the offset of an allocation, got " + offset);
    }
    int left = before[row];
    if (left != NONE && free[left]) {
      removeFree(left);
      row = join(left, row);
    }
    int right = after[row];
    if (right != NONE && free[right]) {
      removeFree(right);
      row = join(row, right);
    }
    addFree(row);
  }

  /**
   * Finds a free block: any of a list whose blocks all suffice, or a fitting one of its own list.
   */
  private int find(long wanted) {
    int list = listOf(wanted);
    for (int row = heads[list], tries = 0; row != NONE && tries < SECOND_COUNT; tries++) {
      if (units[row] >= wanted) {
        return row;
      }
      row = listAfter[row];
    }
    int first = list >> SECOND_SHIFT;
    int second = list & (SECOND_COUNT - 1);
    int seconds = secondBits[first] & (-2 << second);
    if (seconds == 0) {
      long firsts = first + 1 < FIRST_COUNT ? firstBits & (-1L << (first + 1)) : 0;
      if (firsts == 0) {
        return NONE;
      }
      first = Long.numberOfTrailingZeros(firsts);
      seconds = secondBits[first];
    }
    return heads[(first << SECOND_SHIFT) | Integer.numberOfTrailingZeros(seconds)];
  }

  private static int listOf(long size) {
    int first = 63 - Long.numberOfLeadingZeros(size);
    int second =
        first >= SECOND_SHIFT
            ? (int) (size >> (first - SECOND_SHIFT)) & (SECOND_COUNT - 1)
            : (int) (size << (SECOND_SHIFT - first)) & (SECOND_COUNT - 1);
    return (first << SECOND_SHIFT) | second;
  }

  private void addFree(int row) {
    int list = listOf(units[row]);
    free[row] = true;
    freeUnits += units[row];
    int head = heads[list];
    listBefore[row] = NONE;
    listAfter[row] = head;
    if (head != NONE) {
      listBefore[head] = row;
    }
    heads[list] = row;
    firstBits |= 1L << (list >> SECOND_SHIFT);
    secondBits[list >> SECOND_SHIFT] |= 1 << (list & (SECOND_COUNT - 1));
  }

  private void removeFree(int row) {
    int list = listOf(units[row]);
    free[row] = false;
    freeUnits -= units[row];
    int previous = listBefore[row];
    int next = listAfter[row];
    if (next != NONE) {
      listBefore[next] = previous;
    }
    if (previous != NONE) {
      listAfter[previous] = next;
      return;
    }
    heads[list] = next;
    if (next == NONE) {
      int first = list >> SECOND_SHIFT;
      secondBits[first] &= ~(1 << (list & (SECOND_COUNT - 1)));
      if (secondBits[first] == 0) {
        firstBits &= ~(1L << first);
      }
    }
  }

  private void split(int row, long wanted) {
    int rest = newRow(start[row] + wanted, units[row] - wanted);
    units[row] = wanted;
    before[rest] = row;
    after[rest] = after[row];
    if (after[row] != NONE) {
      before[after[row]] = rest;
    }
    after[row] = rest;
    addFree(rest);
  }

  private int join(int left, int right) {
    units[left] += units[right];
    after[left] = after[right];
    if (after[right] != NONE) {
      before[after[right]] = left;
    }
    after[right] = spareRow;
    spareRow = right;
    return left;
  }

  private int newRow(long at, long size) {
    int row = spareRow;
    if (row != NONE) {
      spareRow = after[row];
    } else {
      if (rows == start.length) {
        grow(rows * 2);
      }
      row = rows++;
    }
    start[row] = at;
    units[row] = size;
    free[row] = false;
    return row;
  }

  private void grow(int count) {
    start = Arrays.copyOf(start, count);
    units = Arrays.copyOf(units, count);
    before = Arrays.copyOf(before, count);
    after = Arrays.copyOf(after, count);
    listBefore = Arrays.copyOf(listBefore, count);
    listAfter = Arrays.copyOf(listAfter, count);
    free = Arrays.copyOf(free, count);
  }
}
