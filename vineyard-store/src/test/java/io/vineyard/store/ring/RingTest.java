package io.vineyard.store.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RingTest {
  private static final int SLOTS = 4;
  private static final RingLayout LAYOUT = RingLayout.of(SLOTS);

  private ByteBuffer memory;
  private Ring ring;
  private RingWriter writer;
  private RingReader reader;
  private RingAudit audit;

  @BeforeEach
  void create() {
    memory = zeros(LAYOUT);
    ring = Ring.create(LAYOUT, memory);
    writer = new RingWriter(Ring.open(memory));
    reader = new RingReader(Ring.open(memory), 1);
    audit = new RingAudit(ring);
  }

  private static ByteBuffer zeros(RingLayout layout) {
    return ByteBuffer.allocateDirect(layout.sizeBytes()).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static Descriptor chunk(int number) {
    ByteBuffer header = ByteBuffer.allocate(Integer.BYTES).putInt(number).flip();
    return Descriptor.of(100 + number, new long[] {7, number}, header);
  }

  private void publish(int... numbers) {
    for (int number : numbers) {
      writer.publish(chunk(number));
    }
  }

  private static int lease(RingReader by) {
    int slot = by.peek();
    assertThat(slot).as("a slot").isNotEqualTo(RingReader.NONE);
    assertThat(by.lease(slot)).isTrue();
    return slot;
  }

  private static int numberOf(RingReader by, int slot) {
    return by.read(slot).header().getInt(0);
  }

  /** Leases the next chunk, which must have this position. */
  private static int lease(RingReader by, long position) {
    by.peek();
    assertThat(by.position()).isEqualTo(position);
    return lease(by);
  }

  private List<Integer> reclaimed() {
    List<Integer> slots = new ArrayList<>();
    writer.reclaim(slots::add);
    return slots;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 63, 64, 65, 256, 1000, 4096, 4097, RingLayout.MOST_SLOTS})
  void partsOfALayoutDoNotOverlap(int slots) {
    RingLayout layout = RingLayout.of(slots);
    assertThat(layout.orderAt()).isGreaterThanOrEqualTo(RingLayout.BITS_AT + (slots + 7) / 8);
    assertThat(layout.orderMask() + 1).isGreaterThanOrEqualTo(slots);
    assertThat(Integer.bitCount(layout.orderMask() + 1)).isEqualTo(1);
    assertThat(layout.statesAt()).isGreaterThanOrEqualTo(layout.orderAt() + Integer.BYTES * slots);
    assertThat(layout.slotsAt()).isGreaterThanOrEqualTo(layout.statesAt() + Long.BYTES * slots);
    assertThat(layout.sizeBytes())
        .isGreaterThanOrEqualTo(layout.slotsAt() + slots * layout.slotBytes())
        .isLessThan(layout.slotsAt() + slots * layout.slotBytes() + 4096);
    assertThat(layout.sizeBytes() % 4096).isZero();
  }

  @Test
  void chunksComeInOrderAsTheyWerePublished() {
    for (int round = 0; round < 10; round++) {
      publish(3 * round, 3 * round + 1, 3 * round + 2);
      for (int i = 0; i < 3; i++) {
        int slot = lease(reader, 3L * round + i);
        Descriptor found = reader.read(slot);
        assertThat(found.dataBytes()).isEqualTo(100 + 3 * round + i);
        assertThat(found.segments()).containsExactly(7, 3 * round + i);
        assertThat(found.header().getInt(0)).isEqualTo(3 * round + i);
        assertThat(reader.release(slot, 3L * round + i)).isTrue();
      }
      assertThat(reader.peek()).isEqualTo(RingReader.NONE);
      assertThat(reclaimed()).hasSize(3);
    }
    assertThat(writer.outstanding()).isZero();
    assertThat(audit.isDrained()).isTrue();
  }

  @Test
  void headerThatDoesNotFitIsDescribedByItsPlace() {
    assertThat(LAYOUT.fits(1, LAYOUT.slotBytes())).isFalse();
    writer.publish(Descriptor.overflowing(5, new long[] {1, 2}, 1L << 40, 70_000));
    Descriptor found = reader.read(lease(reader));
    assertThat(found.header()).isNull();
    assertThat(found.segments()).containsExactly(1, 2);
    assertThat(found.overflowOffset()).isEqualTo(1L << 40);
    assertThat(found.overflowBytes()).isEqualTo(70_000);
  }

  @Test
  void chunksMayBeReleasedInAnyOrderAndOnce() {
    publish(0, 1, 2, 3);
    int[] slots = {lease(reader), lease(reader), lease(reader), lease(reader)};
    assertThat(reader.release(slots[2], 2)).isTrue();
    assertThat(reader.release(slots[2], 2)).isFalse();
    assertThat(reader.release(slots[0], 1)).as("another position").isFalse();
    assertThat(reclaimed()).containsExactly(slots[2]);
    assertThat(writer.outstanding()).isEqualTo(3);
    publish(4);
    assertThat(reader.release(slots[2], 2)).as("of the chunk before").isFalse();
    assertThat(numberOf(reader, lease(reader, 4))).isEqualTo(4);
    assertThat(audit.count()).isEqualTo(new RingAudit.Counts(5, 510, 4, 408, 4));
  }

  @Test
  void onlyItsReaderReleasesAChunk() {
    publish(0);
    int slot = lease(reader);
    assertThat(new RingReader(ring, 2).release(slot, 0)).isFalse();
    assertThat(reader.release(slot, 0)).isTrue();
  }

  @Test
  void whatIsPutBackComesNext() {
    publish(0, 1);
    int slot = lease(reader, 0);
    reader.putBack(slot, 0);
    assertThat(audit.count().leased()).isZero();
    lease(reader, 0);
    lease(reader, 1);
  }

  @Test
  void leasesOfALostReaderGoToTheNextInOrder() {
    publish(0, 1, 2, 3);
    lease(reader);
    int released = lease(reader);
    lease(reader);
    reader.release(released, 1);
    assertThat(audit.count().leased()).isPositive();
    assertThat(audit.returnLeases(1)).isEqualTo(2);
    assertThat(audit.count().leased()).isZero();
    RingReader next = new RingReader(ring, 2);
    lease(next, 0);
    lease(next, 2);
    lease(next, 3);
    assertThat(next.peek()).isEqualTo(RingReader.NONE);
    assertThat(reclaimed()).containsExactly(released);
  }

  @Test
  void leasesThatComeBackLaterAreFound() {
    publish(0, 1, 2);
    lease(reader);
    RingReader next = new RingReader(ring, 2);
    lease(next, 1);
    audit.returnLeases(1);
    next.findReturned();
    lease(next, 0);
    lease(next, 2);
  }

  @Test
  void readerThatDiesWhileItLeasesLosesNothing() {
    publish(0, 1);
    int slot = reader.peek();
    ring.changeState(slot, Ring.state(0, 0, Ring.PUBLISHED), Ring.state(0, 1, Ring.LEASED));
    assertThat(audit.returnLeases(1)).isEqualTo(1);
    RingReader next = new RingReader(ring, 2);
    lease(next, 0);
    lease(next, 1);
  }

  @Test
  void readerThatDiesWhileItReleasesLosesNothing() {
    publish(0, 1);
    int first = lease(reader);
    int second = lease(reader);
    ring.changeState(first, Ring.state(0, 1, Ring.LEASED), Ring.state(0, 1, Ring.RELEASED));
    ring.changeState(second, Ring.state(1, 1, Ring.LEASED), Ring.state(1, 1, Ring.RELEASED));
    ring.setBit(second);
    assertThat(writer.hasReleased()).isFalse();
    assertThat(audit.returnLeases(1)).isZero();
    assertThat(writer.hasReleased()).isTrue();
    assertThat(reclaimed()).containsExactlyInAnyOrder(first, second);
    assertThat(writer.outstanding()).isZero();
  }

  @Test
  void halfPublishedChunkIsNeverSeen() {
    publish(0);
    int slot = 2;
    ring.fill(slot, chunk(1));
    ring.storeState(slot, Ring.state(1, 0, Ring.PUBLISHED));
    ring.order(1, slot);
    lease(reader, 0);
    assertThat(reader.peek()).isEqualTo(RingReader.NONE);
    assertThat(audit.count().outstanding()).isEqualTo(1);
    assertThat(new RingReader(ring, 2).peek()).isEqualTo(RingReader.NONE);
  }

  @Test
  void whatNobodyWillReadIsReleasedAndSkipped() {
    publish(0, 1, 2);
    int held = lease(reader);
    audit.releasePending();
    assertThat(reader.peek()).isEqualTo(RingReader.NONE);
    assertThat(audit.isDrained()).isFalse();
    assertThat(reclaimed()).hasSize(2).doesNotContain(held);
    reader.release(held, 0);
    assertThat(audit.isDrained()).isTrue();
  }

  @Test
  void storeTakesBackWhatALostWriterCannot() {
    publish(0, 1);
    int first = lease(reader);
    List<Integer> slots = new ArrayList<>();
    audit.outstanding(slots::add);
    assertThat(slots).hasSize(2).contains(first);
    assertThat(audit.segments(first)).containsExactly(7, 0);
    audit.watchReleases();
    reader.release(first, 0);
    assertThat(reader.wakesWriter(false)).isTrue();
    List<Integer> freed = new ArrayList<>();
    audit.reclaim(freed::add);
    assertThat(freed).containsExactly(first);
  }

  @Test
  void readerSleepsUntilSomethingIsPublished() {
    assertThat(writer.wakesReader()).isFalse();
    assertThat(reader.sleep()).isTrue();
    publish(0);
    assertThat(writer.wakesReader()).isTrue();
    assertThat(writer.wakesReader()).as("once").isFalse();
    assertThat(reader.sleep()).as("while there is something").isFalse();
    assertThat(writer.wakesReader()).isFalse();
  }

  @Test
  void writerSleepsUntilEnoughIsReleasedOrTheReaderIsIdle() {
    publish(0, 1, 2, 3);
    int[] slots = {lease(reader), lease(reader), lease(reader), lease(reader)};
    assertThat(reader.wakesWriter(true)).as("awake").isFalse();
    assertThat(writer.sleep(2)).isTrue();
    assertThat(reader.wakesWriter(true)).as("nothing is released").isFalse();
    reader.release(slots[0], 0);
    assertThat(reader.wakesWriter(false)).isFalse();
    assertThat(reader.wakesWriter(true)).isTrue();
    assertThat(reader.wakesWriter(true)).as("once").isFalse();
    assertThat(writer.sleep(2)).isTrue();
    reader.release(slots[1], 1);
    assertThat(reader.wakesWriter(false)).isTrue();
    assertThat(writer.sleep(2)).as("while enough is released").isFalse();
    assertThat(reader.wakesWriter(true)).isFalse();
  }

  @Test
  void absurdCountOfReleasesKeepsNobodyAwake() {
    publish(0, 1);
    for (long count : new long[] {Long.MAX_VALUE, Long.MIN_VALUE, -1}) {
      ring.setVolatile(RingLayout.RELEASED_AT, count);
      assertThat(reclaimed()).isEmpty();
      assertThat(writer.sleep(1)).as("asleep after %s releases", count).isTrue();
    }
  }

  @Test
  void positionsThatAreNotThereAreSkippedOnlyOnce() {
    publish(0);
    ring.storeState(ring.slotOf(0), Ring.FREE);
    assertThat(reader.peek()).isEqualTo(RingReader.NONE);
    ring.setVolatile(RingLayout.PUBLISHED_AT, 1 + LAYOUT.slots());
    assertThat(reader.peek()).isEqualTo(RingReader.NONE);
  }

  @Test
  void whatIsNoRingIsRefused() {
    for (int at : new int[] {RingLayout.MAGIC_AT, RingLayout.SLOTS_AT, RingLayout.SLOT_BYTES_AT}) {
      ByteBuffer broken = zeros(LAYOUT);
      Ring.create(LAYOUT, broken);
      broken.putInt(at, broken.getInt(at) << 7);
      assertCorrupted(() -> Ring.open(broken));
    }
    assertCorrupted(() -> Ring.open(ByteBuffer.allocateDirect(64)));
    assertCorrupted(() -> Ring.open(memory.slice(0, 600).order(ByteOrder.LITTLE_ENDIAN)));
  }

  @Test
  void numbersThatCannotBeAreRefused() {
    publish(0);
    int slot = reader.peek();
    int at = LAYOUT.slotsAt() + slot * LAYOUT.slotBytes();
    assertBroken(() -> memory.putInt(LAYOUT.orderAt(), SLOTS), reader::peek);
    assertBroken(() -> memory.putInt(LAYOUT.orderAt(), -1), reader::peek);
    assertBroken(() -> memory.putLong(at + RingLayout.DATA_BYTES_AT, -1), () -> reader.read(slot));
    for (int wrong : new int[] {-1, 1000, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      assertBroken(
          () -> memory.putInt(at + RingLayout.SEGMENTS_AT, wrong), () -> reader.read(slot));
    }
    for (int wrong : new int[] {LAYOUT.slotBytes(), Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      assertBroken(
          () -> memory.putInt(at + RingLayout.HEADER_BYTES_AT, wrong), () -> reader.read(slot));
    }
    for (long wrong : new long[] {-1, SLOTS + 1, Long.MAX_VALUE}) {
      RingReader late = new RingReader(ring, 2);
      assertBroken(() -> memory.putLong(RingLayout.PUBLISHED_AT, wrong), late::peek);
    }
  }

  /** Breaks the ring, checks that this is seen, and mends it. */
  private void assertBroken(Runnable breaking, ThrowingCallable use) {
    byte[] before = new byte[memory.capacity()];
    memory.get(0, before);
    breaking.run();
    assertCorrupted(use);
    memory.put(0, before);
  }

  private static void assertCorrupted(ThrowingCallable use) {
    assertThatThrownBy(use)
        .isInstanceOfSatisfying(
            VineyardException.class,
            error -> assertThat(error.code()).isEqualTo(ErrorCode.PROTOCOL_ERROR));
  }

  @Test
  void anythingInARingIsHarmless() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 20_000; round++) {
      create();
      publish(0, 1, 2);
      int slot = lease(reader);
      for (int i = 0; i < 1 + random.nextInt(8); i++) {
        int at = RingLayout.PUBLISHED_AT + random.nextInt(memory.capacity() - 128) / 8 * 8;
        memory.putLong(at, random.nextBoolean() ? random.nextInt(8) : random.nextLong());
      }
      try {
        useAll(slot);
      } catch (VineyardException e) {
        assertThat(e.code()).as("seed %d", seed).isEqualTo(ErrorCode.PROTOCOL_ERROR);
      }
    }
  }

  private void useAll(int slot) {
    reader.release(slot, 0);
    reader.wakesWriter(true);
    reclaimed();
    assertThat(writer.outstanding()).isBetween(0, SLOTS);
    RingAudit.Counts counts = audit.count();
    assertThat(counts.outstanding()).isBetween(0, SLOTS);
    assertThat(counts.published()).isGreaterThanOrEqualTo(counts.outstanding());
    audit.returnLeases(1);
    audit.outstanding(
        outstanding -> {
          try {
            audit.segments(outstanding);
          } catch (VineyardException corrupted) {
            assertThat(corrupted.code()).isEqualTo(ErrorCode.PROTOCOL_ERROR);
          }
        });
    RingReader next = new RingReader(Ring.open(memory), 2);
    for (int found = next.peek(); found != RingReader.NONE; found = next.peek()) {
      next.read(found);
      next.lease(found);
    }
  }
}
