package io.vineyard.store.memory;

import java.util.Arrays;

/** A hash table from starts of used blocks to their rows: open addressing, no boxing, no holes. */
final class RowIndex {
  private static final int NONE = -1;
  private static final int FIRST_CAPACITY = 64;
  private static final long SPREAD = 0x9E3779B97F4A7C15L;

  private long[] keys = new long[FIRST_CAPACITY];
  private int[] rows = filled(FIRST_CAPACITY);
  private int size;

  private static int[] filled(int capacity) {
    int[] rows = new int[capacity];
    Arrays.fill(rows, NONE);
    return rows;
  }

  void put(long key, int row) {
    if (size * 2 >= keys.length) {
      grow();
    }
    int slot = slotOf(key);
    while (rows[slot] != NONE) {
      slot = next(slot);
    }
    keys[slot] = key;
    rows[slot] = row;
    size++;
  }

  /** Removes a key, and returns its row; -1 if it is not there. */
  int remove(long key) {
    int slot = slotOf(key);
    while (rows[slot] != NONE && keys[slot] != key) {
      slot = next(slot);
    }
    int row = rows[slot];
    if (row != NONE) {
      size--;
      closeGap(slot);
    }
    return row;
  }

  /** Moves later entries back, so that each can be reached from its own slot without a hole. */
  private void closeGap(int hole) {
    int gap = hole;
    int slot = next(gap);
    while (rows[slot] != NONE) {
      int home = slotOf(keys[slot]);
      int mask = keys.length - 1;
      if (((slot - home) & mask) >= ((slot - gap) & mask)) {
        keys[gap] = keys[slot];
        rows[gap] = rows[slot];
        gap = slot;
      }
      slot = next(slot);
    }
    rows[gap] = NONE;
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldRows = rows;
    keys = new long[oldKeys.length * 2];
    rows = filled(keys.length);
    size = 0;
    for (int i = 0; i < oldRows.length; i++) {
      if (oldRows[i] != NONE) {
        put(oldKeys[i], oldRows[i]);
      }
    }
  }

  private int slotOf(long key) {
    return (int) ((key * SPREAD) >>> 32) & (keys.length - 1);
  }

  private int next(int slot) {
    return (slot + 1) & (keys.length - 1);
  }
}
