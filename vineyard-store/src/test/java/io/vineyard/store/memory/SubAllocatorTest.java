package io.vineyard.store.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SubAllocatorTest {
  private static final long UNIT = SubAllocator.UNIT_BYTES;

  /** What is allocated, as a test knows it: starts and ends, both whole units. */
  private static final class Model {
    final TreeMap<Long, Long> used = new TreeMap<>();
    final List<Long> starts = new ArrayList<>();
    final long capacity;

    Model(long capacity) {
      this.capacity = capacity;
    }

    void add(long offset, long bytes) {
      assertThat(offset % UNIT).as("alignment of %s", offset).isZero();
      long end = offset + roundUp(bytes);
      assertThat(end).as("end of %s bytes at %s", bytes, offset).isLessThanOrEqualTo(capacity);
      Map.Entry<Long, Long> before = used.floorEntry(offset);
      assertThat(before == null ? 0 : before.getValue()).isLessThanOrEqualTo(offset);
      Long after = used.higherKey(offset);
      assertThat(after == null ? capacity : after).isGreaterThanOrEqualTo(end);
      used.put(offset, end);
      starts.add(offset);
    }

    long removeAny(Random random) {
      int index = random.nextInt(starts.size());
      long start = starts.set(index, starts.get(starts.size() - 1));
      starts.remove(starts.size() - 1);
      used.remove(start);
      return start;
    }

    long bytes() {
      return used.entrySet().stream().mapToLong(block -> block.getValue() - block.getKey()).sum();
    }

    long largestGap() {
      long largest = 0;
      long end = 0;
      for (Map.Entry<Long, Long> block : used.entrySet()) {
        largest = Math.max(largest, block.getKey() - end);
        end = block.getValue();
      }
      return Math.max(largest, capacity - end);
    }
  }

  private static long roundUp(long bytes) {
    return (bytes + UNIT - 1) / UNIT * UNIT;
  }

  /** Half of them small, some large: as many bits as a random number says. */
  private static long size(Random random, long capacity) {
    int bits = 1 + random.nextInt(64 - Long.numberOfLeadingZeros(capacity));
    return 1 + (random.nextLong() & (1L << bits) - 1);
  }

  @Test
  void randomAllocationsNeverOverlapAndAllBytesComeBack() {
    for (long capacity : new long[] {64, 4096, 1 << 20, (1 << 20) + 63, 5L << 30}) {
      for (int seed = 0; seed < 20; seed++) {
        churn(capacity, new Random(seed));
      }
    }
  }

  private static void churn(long capacity, Random random) {
    SubAllocator allocator = new SubAllocator(capacity);
    Model model = new Model(capacity / UNIT * UNIT);
    for (int step = 0; step < 3000; step++) {
      boolean grows = random.nextInt(100) < (step / 500 % 2 == 0 ? 70 : 30);
      if (grows || model.starts.isEmpty()) {
        allocate(allocator, model, size(random, capacity));
      } else {
        allocator.free(model.removeAny(random));
      }
      assertThat(allocator.usedBytes()).isEqualTo(model.bytes());
      assertThat(allocator.freeBytes()).isEqualTo(model.capacity - model.bytes());
    }
    while (!model.starts.isEmpty()) {
      allocator.free(model.removeAny(random));
    }
    assertThat(allocator.isEmpty()).isTrue();
    assertThat(allocator.allocate(model.capacity)).as("one block again").isZero();
  }

  private static void allocate(SubAllocator allocator, Model model, long bytes) {
    long offset = allocator.allocate(bytes);
    if (offset >= 0) {
      model.add(offset, bytes);
    } else {
      // Blocks of the same list may be passed over: those are at most an eighth larger.
      assertThat(model.largestGap()).isLessThan(roundUp(bytes) + roundUp(bytes) / 8 + UNIT);
    }
  }

  @Test
  void regionIsUsedUpToItsLastUnit() {
    SubAllocator allocator = new SubAllocator(100 * UNIT);
    for (int i = 0; i < 100; i++) {
      assertThat(allocator.allocate(1 + i % UNIT)).isEqualTo(i * UNIT);
    }
    assertThat(allocator.freeBytes()).isZero();
    assertThat(allocator.allocate(1)).isNegative();
    allocator.free(42 * UNIT);
    assertThat(allocator.allocate(UNIT + 1)).isNegative();
    assertThat(allocator.allocate(UNIT)).isEqualTo(42 * UNIT);
  }

  @Test
  void neighboursThatAreFreeAreOneBlockWhateverTheOrder() {
    for (int[] order : new int[][] {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}}) {
      SubAllocator allocator = new SubAllocator(3 * 1000 * UNIT);
      long[] offsets = new long[3];
      for (int i = 0; i < 3; i++) {
        offsets[i] = allocator.allocate(1000 * UNIT);
      }
      for (int index : order) {
        allocator.free(offsets[index]);
      }
      assertThat(allocator.allocate(3000 * UNIT)).isZero();
    }
  }

  @Test
  void regionsBelowAUnitHoldNothing() {
    for (long capacity : new long[] {0, 1, UNIT - 1}) {
      SubAllocator allocator = new SubAllocator(capacity);
      assertThat(allocator.isEmpty()).isTrue();
      assertThat(allocator.freeBytes()).isZero();
      assertThat(allocator.allocate(1)).isNegative();
    }
  }

  @Test
  void hugeRegionsAreCountedInLongs() {
    long capacity = 1L << 45;
    SubAllocator allocator = new SubAllocator(capacity);
    long half = allocator.allocate(capacity / 2);
    long rest = allocator.allocate(capacity / 2);
    assertThat(new long[] {half, rest}).containsExactlyInAnyOrder(0, capacity / 2);
    assertThat(allocator.allocate(Long.MAX_VALUE)).isNegative();
    allocator.free(half);
    allocator.free(rest);
    assertThat(allocator.isEmpty()).isTrue();
  }

  @Test
  void whatIsNotAllocatedIsNotFreed() {
    SubAllocator allocator = new SubAllocator(10 * UNIT);
    long offset = allocator.allocate(2 * UNIT);
    for (long wrong : new long[] {-UNIT, 1, offset + 1, offset + UNIT, 9 * UNIT, 1L << 40}) {
      assertRefused(() -> allocator.free(wrong), String.valueOf(wrong));
    }
    allocator.free(offset);
    assertRefused(() -> allocator.free(offset), String.valueOf(offset));
    assertRefused(() -> allocator.allocate(0), "got 0");
    assertRefused(() -> allocator.allocate(-1), "got -1");
    assertThat(allocator.isEmpty()).isTrue();
  }

  private static void assertRefused(Runnable call, String said) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            VineyardException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID))
        .hasMessageContaining(said);
  }
}
