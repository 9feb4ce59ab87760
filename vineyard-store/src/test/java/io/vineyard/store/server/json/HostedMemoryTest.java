package io.vineyard.store.server.json;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.core.EventSink;
import io.vineyard.store.core.Hosting;
import io.vineyard.store.core.SegmentSource;
import io.vineyard.store.core.StoreCore;
import io.vineyard.store.core.StoreLimits;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Event;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What happens to the pages of memory that nobody uses, with a clock that a test moves. */
class HostedMemoryTest implements SegmentSource, EventSink, Hosting.Unused {
  private static final long KIB = 1 << 10;
  private static final long MIB = 1 << 20;
  private static final long CAPACITY_BYTES = 8 * MIB;
  private static final long MOST_BYTES = 2 * MIB;
  private static final long MOST_IDLE = TimeUnit.SECONDS.toNanos(1);
  private static final long KEPT = TimeUnit.MINUTES.toNanos(5);

  private final int segments = Segment.openCount();
  private final int mappings = Mapping.openCount();
  private final List<HostedMemory.Range> granted = new ArrayList<>();
  private final List<VineyardException> refused = new ArrayList<>();
  private StoreCore core;
  private Hosting hosting;
  private HostedMemory memory;
  private long now;
  private long lastNumber;
  private long machineBytes;
  private @Nullable Runnable late;
  private boolean isSlow;

  @BeforeEach
  void open() {
    machineBytes = Long.MAX_VALUE;
    core = new StoreCore(StoreLimits.of(CAPACITY_BYTES, MOST_BYTES), this, Clock.systemUTC());
    hosting = core.host("host", this);
    memory = new HostedMemory(hosting, () -> ++lastNumber, MIB, MOST_BYTES, () -> now);
    hosting.setUnused(this);
  }

  @AfterEach
  void nothingIsLeft() {
    granted.forEach(memory::free);
    assertThat(memory.usedBytes()).as("bytes in use").isZero();
    giveBack(Long.MAX_VALUE);
    assertThat(core.status().usedBytes()).as("used bytes").isZero();
    memory.close();
    core.close();
    assertThat(Segment.openCount()).as("open segments").isEqualTo(segments);
    assertThat(Mapping.openCount()).as("open mappings").isEqualTo(mappings);
  }

  @Override
  public long sizeBytes() {
    return memory.unusedBytes();
  }

  @Override
  public boolean giveBack(long bytes) {
    long gone = HostedPools.giveBack(List.of(memory), bytes, now);
    machineBytes += machineBytes < CAPACITY_BYTES ? gone : 0;
    return gone > 0;
  }

  /** A machine with so many bytes for segments. */
  @Override
  public void create(long capacityBytes, Done done) {
    if (takesFromMachine(capacityBytes, done)) {
      soon(() -> done.complete(Segment.create("test", capacityBytes), null));
    }
  }

  private void soon(Runnable task) {
    if (isSlow) {
      late = task;
    } else {
      task.run();
    }
  }

  private boolean takesFromMachine(long bytes, Done done) {
    if (bytes > machineBytes) {
      done.complete(null, VineyardException.of(ErrorCode.NOT_ENOUGH_MEMORY, "the machine is full"));
      return false;
    }
    machineBytes -= bytes;
    return true;
  }

  @Override
  public void refill(Segment segment, Done done) {
    if (takesFromMachine(segment.capacityBytes(), done)) {
      soon(() -> SegmentSource.super.refill(segment, done));
    }
  }

  @Override
  public void send(Event event) {
    if (event instanceof Event.SegmentLeased leased) {
      assertThat(memory.leased(leased)).isTrue();
    } else if (event instanceof Event.Failed failed) {
      ErrorCode code = ErrorCode.of(failed.code());
      assertThat(memory.failed(failed.request(), VineyardException.of(code, failed.message())))
          .isTrue();
    }
  }

  @Override
  public void detached(VineyardException reason) {}

  private HostedMemory.Range allocate(long sizeBytes) {
    int before = granted.size();
    memory.allocate(sizeBytes, granted::add, refused::add);
    assertThat(granted).as("granted, refused are %s", refused).hasSize(before + 1);
    return granted.get(before);
  }

  private void free(HostedMemory.Range range) {
    granted.remove(range);
    memory.free(range);
  }

  /** Frees memory, and lets the time pass in which it is still in use. */
  private void freeAndSetAside(HostedMemory.Range range) {
    free(range);
    now += MOST_IDLE;
    memory.setIdleAside();
  }

  private static void write(HostedMemory.Range range, long value) {
    Mapping.view(range.address(), Long.BYTES).putLong(0, value);
  }

  private static long read(HostedMemory.Range range) {
    return Mapping.view(range.address(), Long.BYTES).getLong(0);
  }

  @Test
  void whatIsFreedCountsForNothingAndIsUsedAgain() {
    HostedMemory.Range first = allocate(KIB);
    write(first, 7);
    assertThat(core.status().usedBytes()).isEqualTo(MIB);
    free(first);
    now += MOST_IDLE - 1;
    memory.setIdleAside();
    assertThat(core.status().usedBytes()).as("used for a while").isEqualTo(MIB);
    now++;
    memory.setIdleAside();
    assertThat(core.status().usedBytes()).isZero();
    assertThat(core.status().segments()).isZero();
    assertThat(memory.freeBytes()).isZero();
    HostedMemory.Range second = allocate(KIB);
    assertThat(second.slab()).isSameAs(first.slab());
    assertThat(read(second)).as("pages that were kept").isEqualTo(7);
    assertThat(core.status().usedBytes()).isEqualTo(MIB);
    assertThat(core.status().segments()).isEqualTo(1);
  }

  @Test
  void whoeverLooksAfterItIsToldWhatWasNeverUsed() {
    int[] changes = new int[1];
    memory.onChange = () -> changes[0]++;
    free(allocate(KIB));
    assertThat(changes[0]).as("leased and freed").isEqualTo(2);
    giveBack(Long.MAX_VALUE);
    isSlow = true;
    memory.allocate(KIB, granted::add, refused::add).run();
    assertThat(memory.hasIdle()).isFalse();
    late.run();
    assertThat(changes[0]).as("filled for nobody").isEqualTo(3);
    assertThat(memory.hasIdle()).isTrue();
    memory.allocate(MOST_BYTES, granted::add, refused::add).run();
    late.run();
    assertThat(changes[0]).as("leased for nobody").isEqualTo(4);
    assertThat(granted).isEmpty();
  }

  @Test
  void oldPagesGoAndNewOnesCome() {
    HostedMemory.Range first = allocate(KIB);
    write(first, 7);
    freeAndSetAside(first);
    assertThat(memory.emptyOld(KEPT)).isEqualTo(KEPT - MOST_IDLE);
    now += KEPT - MOST_IDLE - 1;
    assertThat(memory.emptyOld(KEPT)).isEqualTo(1);
    now++;
    assertThat(memory.emptyOld(KEPT)).as("nothing is kept").isEqualTo(Long.MAX_VALUE);
    HostedMemory.Range second = allocate(KIB);
    assertThat(second.slab()).isSameAs(first.slab());
    assertThat(read(second)).as("new pages").isZero();
  }

  @Test
  void pagesInUseAreNotTaken() {
    HostedMemory.Range range = allocate(KIB);
    now += 2 * KEPT;
    memory.setIdleAside();
    assertThat(memory.emptyOld(KEPT)).isEqualTo(Long.MAX_VALUE);
    assertThat(giveBack(Long.MAX_VALUE)).isFalse();
    assertThat(core.status().usedBytes()).isEqualTo(MIB);
    assertThat(range.slab().state).isEqualTo(Slab.State.FILLED);
  }

  @Test
  void pagesThatSomethingElseLiesInAreNotTaken() {
    HostedMemory.Range range = allocate(KIB);
    hosting.retainSegment(range.segment());
    freeAndSetAside(range);
    assertThat(giveBack(Long.MAX_VALUE)).isFalse();
    assertThat(range.slab().state).isEqualTo(Slab.State.FILLED);
    memory.allocate(CAPACITY_BYTES, granted::add, refused::add);
    assertThat(refused)
        .singleElement()
        .satisfies(error -> assertThat(error.code()).isEqualTo(ErrorCode.NOT_ENOUGH_MEMORY));
    hosting.releaseSegment(range.segment());
    memory.setIdleAside();
    assertThat(range.slab().state).isEqualTo(Slab.State.SPARE);
  }

  @Test
  void theOldestGoesFirstWhenMemoryIsWantedAndTheRestStays() {
    HostedMemory.Range young = allocate(3 * MIB);
    HostedMemory.Range old = allocate(4 * MIB);
    freeAndSetAside(old);
    freeAndSetAside(young);
    assertThat(core.status().usedBytes()).isZero();
    HostedMemory.Range wanted = allocate(KIB);
    assertThat(wanted.slab().memory.capacityBytes()).as("a usual one").isEqualTo(MOST_BYTES);
    assertThat(old.slab().state).as("the oldest").isEqualTo(Slab.State.EMPTY);
    assertThat(young.slab().state).isEqualTo(Slab.State.SPARE);
    assertThat(core.status().usedBytes()).isEqualTo(MOST_BYTES);
    assertThat(refused).isEmpty();
  }

  @Test
  void nothingGoesForWhatIsRefusedAnyway() {
    HostedMemory.Range kept = allocate(3 * MIB);
    allocate(3 * MIB);
    freeAndSetAside(kept);
    memory.allocate(CAPACITY_BYTES - 2 * MIB, granted::add, refused::add);
    assertThat(refused)
        .singleElement()
        .satisfies(error -> assertThat(error).hasMessageContaining(5 * MIB + " of"));
    assertThat(kept.slab().state).isEqualTo(Slab.State.SPARE);
  }

  @Test
  void littleThingsDoNotKeepALargeSegment() {
    HostedMemory.Range large = allocate(5 * MIB);
    free(large);
    assertThat(allocate(KIB).slab()).as("idle").isNotSameAs(large.slab());
    free(granted.get(0));
    giveBack(Long.MAX_VALUE);
    memory.forgetEmpty(0);
    large = allocate(5 * MIB);
    freeAndSetAside(large);
    assertThat(allocate(KIB).slab()).as("spare").isNotSameAs(large.slab());
    assertThat(large.slab().state).isEqualTo(Slab.State.SPARE);
    assertThat(allocate(4 * MIB).slab()).as("half of it").isSameAs(large.slab());
    assertThat(allocate(512 * KIB).slab()).as("beside").isNotSameAs(large.slab());
  }

  @Test
  void littleThingsLieInALargeSegmentBeforeTheyAreRefused() {
    HostedMemory.Range large = allocate(CAPACITY_BYTES);
    free(large);
    HostedMemory.Range most = allocate(5 * MIB);
    assertThat(most.slab()).isSameAs(large.slab());
    assertThat(allocate(KIB).slab()).isSameAs(large.slab());
    assertThat(refused).isEmpty();
  }

  @Test
  void aSmallSegmentDoesWhereThereIsNoRoomForTheOneThatIsKept() {
    HostedMemory.Range usual = allocate(MOST_BYTES);
    freeAndSetAside(usual);
    giveBack(Long.MAX_VALUE);
    HostedMemory.Range most = allocate(CAPACITY_BYTES - MIB);
    assertThat(allocate(KIB).slab().memory.capacityBytes()).isEqualTo(MIB);
    assertThat(usual.slab().state).isEqualTo(Slab.State.EMPTY);
    assertThat(most.slab().state).isEqualTo(Slab.State.FILLED);
    assertThat(refused).isEmpty();
  }

  @Test
  void whoAsksForTooMuchIsRefusedAndNobodyElse() {
    HostedMemory.Range kept = allocate(5 * MIB);
    memory.allocate(4 * MIB, granted::add, refused::add);
    assertThat(refused)
        .singleElement()
        .satisfies(
            error -> {
              assertThat(error.code()).isEqualTo(ErrorCode.NOT_ENOUGH_MEMORY);
              assertThat(error).hasMessageContaining("asked for " + 4 * MIB + " bytes");
            });
    assertThat(allocate(2 * MIB).slab()).isNotSameAs(kept.slab());
  }

  @Test
  void sparePagesGoToOthersWhenTheMachineIsFull() {
    HostedMemory.Range kept = allocate(3 * MIB);
    freeAndSetAside(kept);
    machineBytes = 0;
    List<Event> events = new ArrayList<>();
    Hosting other =
        core.host(
            "other",
            new EventSink() {
              @Override
              public void send(Event event) {
                events.add(event);
              }

              @Override
              public void detached(VineyardException reason) {}
            });
    other.leaseSegment(1, 2 * MIB, 2 * MIB);
    assertThat(kept.slab().state).isEqualTo(Slab.State.EMPTY);
    assertThat(events).singleElement().isInstanceOf(Event.SegmentLeased.class);
    Event.SegmentLeased leased = (Event.SegmentLeased) events.get(0);
    leased.segment().close();
    other.giveBack(leased.id());
  }

  @Test
  void anEmptySegmentIsFilledWithWhatOthersKeep() {
    HostedMemory.Range first = allocate(3 * MIB);
    HostedMemory.Range second = allocate(4 * MIB);
    freeAndSetAside(first);
    assertThat(HostedPools.giveBack(List.of(memory), 1, now)).isEqualTo(3 * MIB);
    freeAndSetAside(second);
    machineBytes = 0;
    assertThat(allocate(3 * MIB).slab()).as("the one that is spare").isSameAs(second.slab());
    freeAndSetAside(granted.get(0));
    assertThat(allocate(2 * MIB).slab()).as("the one that is empty").isSameAs(first.slab());
    assertThat(second.slab().state).isEqualTo(Slab.State.EMPTY);
    assertThat(refused).isEmpty();
  }

  @Test
  void whoeverTheMachineHasNothingForIsRefused() {
    machineBytes = 0;
    memory.allocate(KIB, granted::add, refused::add);
    assertThat(refused)
        .singleElement()
        .satisfies(
            error -> {
              assertThat(error.code()).isEqualTo(ErrorCode.NOT_ENOUGH_MEMORY);
              assertThat(error).hasMessageContaining("the machine is full");
            });
    assertThat(core.status().usedBytes()).isZero();
    machineBytes = Long.MAX_VALUE;
    assertThat(allocate(KIB).sizeBytes()).isEqualTo(KIB);
  }
}
