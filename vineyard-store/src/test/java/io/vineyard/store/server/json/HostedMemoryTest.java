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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What happens to the pages of memory that nobody uses, with a clock that a test moves. */
class HostedMemoryTest implements SegmentSource, EventSink {
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

  @BeforeEach
  void open() {
    machineBytes = Long.MAX_VALUE;
    core = new StoreCore(StoreLimits.of(CAPACITY_BYTES, MOST_BYTES), this, Clock.systemUTC());
    hosting = core.host("host", this);
    memory = new HostedMemory(hosting, () -> ++lastNumber, MIB, MOST_BYTES, () -> now);
    hosting.onShortage(bytes -> memory.trim(bytes) > 0);
  }

  @AfterEach
  void nothingIsLeft() {
    granted.forEach(memory::free);
    assertThat(memory.usedBytes()).as("bytes in use").isZero();
    memory.trim(Long.MAX_VALUE);
    assertThat(core.status().usedBytes()).as("used bytes").isZero();
    memory.close();
    core.close();
    assertThat(Segment.openCount()).as("open segments").isEqualTo(segments);
    assertThat(Mapping.openCount()).as("open mappings").isEqualTo(mappings);
  }

  /** A machine with so many bytes for segments. */
  @Override
  public void create(long capacityBytes, Done done) {
    if (capacityBytes > machineBytes) {
      done.complete(null, VineyardException.of(ErrorCode.NOT_ENOUGH_MEMORY, "the machine is full"));
      return;
    }
    machineBytes -= capacityBytes;
    done.complete(Segment.create("test", capacityBytes), null);
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
    assertThat(memory.trim(Long.MAX_VALUE)).isZero();
    assertThat(core.status().usedBytes()).isEqualTo(MIB);
    assertThat(range.slab().state).isEqualTo(Slab.State.FILLED);
  }

  @Test
  void theOldestGoesFirstWhenMemoryIsWantedAndTheRestStays() {
    HostedMemory.Range old = allocate(3 * MIB);
    HostedMemory.Range young = allocate(4 * MIB);
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
  void littleThingsDoNotKeepALargeSegment() {
    HostedMemory.Range large = allocate(6 * MIB);
    free(large);
    assertThat(allocate(KIB).slab()).as("idle").isNotSameAs(large.slab());
    now += MOST_IDLE;
    memory.setIdleAside();
    assertThat(allocate(MIB + KIB).slab()).as("spare").isNotSameAs(large.slab());
    assertThat(allocate(5 * MIB).slab()).isSameAs(large.slab());
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
    memory.trim(Long.MAX_VALUE);
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
  void sparePagesGoWhenTheMachineIsFull() {
    HostedMemory.Range first = allocate(3 * MIB);
    freeAndSetAside(first);
    machineBytes = 0;
    memory.allocate(2 * MIB, granted::add, refused::add);
    assertThat(first.slab().state).isEqualTo(Slab.State.FILLED);
    assertThat(granted).hasSize(1);
    free(granted.get(0));
    now += MOST_IDLE;
    memory.setIdleAside();
    memory.allocate(4 * MIB, granted::add, refused::add);
    assertThat(first.slab().state).isEqualTo(Slab.State.EMPTY);
    assertThat(refused)
        .singleElement()
        .satisfies(error -> assertThat(error.code()).isEqualTo(ErrorCode.NOT_ENOUGH_MEMORY));
  }
}
