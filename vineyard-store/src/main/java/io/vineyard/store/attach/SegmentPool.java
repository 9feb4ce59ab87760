package io.vineyard.store.attach;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Memory of segments that are leased from the store before it is needed.
 *
 * <p>One lease is asked for at a time: when something does not fit, or when less than a quarter of
 * a segment is free while there are users. New pages cost more than all else, so a segment without
 * any allocation is not returned at once: as long as there are users, one of the usual capacity is
 * kept, and so is a larger one that was not used yet; any other is kept for {@link #MOST_IDLE},
 * unless more memory is needed meanwhile. Thread-safe; what the link calls never blocks.
 */
final class SegmentPool implements SharedMemory {
  /**
   * Who is told what happens to the pool.
   *
   * @param onMemory memory was leased or refused, or freed while somebody waits
   * @param onShortage memory is wanted that is not there; returns whether some came back at once
   */
  record Events(Runnable onMemory, BooleanSupplier onShortage) {}

  private static final Duration MOST_IDLE = Duration.ofMillis(200);

  private record Waiter(long sizeBytes, CompletableFuture<PoolAllocation> result) {}

  private final Link link;
  private final SegmentCache cache;
  private final LongSupplier requests;
  private final long mostWantedBytes;
  private final Events events;
  private final Scheduler timer;

  private final Deque<Waiter> waiters = new ArrayDeque<>();
  private volatile LeasedSegment[] segments = {};
  private long wantedBytes;
  private long pendingRequest = -1;
  private long pendingBytes;
  private long users;
  private boolean sweeping;
  private @Nullable VineyardException refusal;
  private @Nullable VineyardException closed;

  /**
   * Makes an empty pool.
   *
   * @param firstBytes the capacity of the first segment that it wants; it doubles from one to the
   *     next
   * @param mostBytes the capacity at which the doubling ends
   * @param events told what happens
   */
  SegmentPool(
      AttachedStore store, long firstBytes, long mostBytes, LongSupplier requests, Events events) {
    this.link = store.link();
    this.cache = store.segments();
    this.requests = requests;
    this.wantedBytes = firstBytes;
    this.mostWantedBytes = mostBytes;
    this.events = events;
    this.timer = store.timer();
  }

  /** Counts a user, for whom memory is leased ahead and kept. */
  void addUser() {
    synchronized (this) {
      users++;
    }
  }

  void removeUser() {
    List<LeasedSegment> idle;
    synchronized (this) {
      users--;
      idle = takeIdle();
    }
    giveBack(idle);
  }

  /** Completes when there is a segment to write in. */
  CompletableFuture<Void> ready() {
    synchronized (this) {
      if (segments.length > 0) {
        return CompletableFuture.completedFuture(null);
      }
    }
    return allocateLater(1).thenAccept(PoolAllocation::free);
  }

  @Override
  public Allocation allocate(long sizeBytes) {
    PoolAllocation now = tryAllocate(sizeBytes);
    if (now != null) {
      return now;
    }
    if (Schedulers.isInNonBlockingThread()) {
      throw VineyardException.of(
          ErrorCode.INVALID_STREAM_STATE,
          "expected %d bytes in the segments leased ahead, or a thread that may block; %s may not"
              .formatted(sizeBytes, Thread.currentThread().getName()));
    }
    return Handover.join(allocateLater(sizeBytes)).tracked(link);
  }

  @Override
  public @Nullable PoolAllocation tryAllocate(long sizeBytes) {
    long needed = checkSize(sizeBytes);
    PoolAllocation found = cutOrLease(sizeBytes, needed);
    if (found == null && events.onShortage.getAsBoolean()) {
      found = cutOrLease(sizeBytes, needed);
    }
    return found == null ? null : found.tracked(link);
  }

  private synchronized @Nullable PoolAllocation cutOrLease(long sizeBytes, long needed) {
    PoolAllocation found = cut(sizeBytes, needed);
    if (refusal == null && (found == null || isRunningLow())) {
      lease(found == null ? needed : 1);
    }
    return found;
  }

  /** Takes memory as soon as it is there; a waiting request is served before later ones. */
  CompletableFuture<PoolAllocation> allocateLater(long sizeBytes) {
    long needed = checkSize(sizeBytes);
    CompletableFuture<PoolAllocation> result = new CompletableFuture<>();
    PoolAllocation found = null;
    VineyardException reason;
    synchronized (this) {
      reason = closed;
      if (reason == null) {
        found = waiters.isEmpty() ? cut(sizeBytes, needed) : null;
        if (found == null) {
          waiters.add(new Waiter(sizeBytes, result));
          lease(needed);
        }
      }
    }
    if (reason != null) {
      result.completeExceptionally(reason);
    } else if (found != null) {
      result.complete(found);
    } else {
      shortage();
    }
    return result;
  }

  private static long checkSize(long sizeBytes) {
    if (sizeBytes < 0) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected a size of at least 0 bytes, got " + sizeBytes);
    }
    return Math.max(1, sizeBytes);
  }

  private @Nullable PoolAllocation cut(long sizeBytes, long needed) {
    if (closed != null) {
      return null;
    }
    for (LeasedSegment segment : segments) {
      long offset = segment.allocator.allocate(needed);
      if (offset >= 0) {
        segment.open++;
        segment.used = true;
        segment.endIdle();
        return new PoolAllocation(this, segment, offset, sizeBytes);
      }
    }
    return null;
  }

  private boolean isRunningLow() {
    if (users == 0 || closed != null) {
      return false;
    }
    long free = 0;
    for (LeasedSegment segment : segments) {
      free += segment.allocator.freeBytes();
    }
    return free < mostWantedBytes / 4;
  }

  private void lease(long leastBytes) {
    if (pendingRequest < 0 && closed == null) {
      pendingRequest = requests.getAsLong();
      pendingBytes = leastBytes;
      if (leastBytes > 1) {
        giveBack(takeIdle(Long.MAX_VALUE, true)); // what is kept for a moment is too small
      }
      link.send(new Command.LeaseSegment(pendingRequest, leastBytes, wantedBytes));
      wantedBytes = Math.min(mostWantedBytes, wantedBytes * 2);
    }
  }

  /** Takes the answer to a lease; says whether it was this pool's. */
  boolean leased(Event.SegmentLeased event) {
    synchronized (this) {
      if (pendingRequest != event.request()) {
        return false;
      }
    }
    MappedSegment mapped = cache.lease(event.id(), event.segment());
    mapped.whenSettled(() -> mapped(mapped));
    return true;
  }

  private void mapped(MappedSegment mapped) {
    VineyardException failure = mapped.failure();
    if (failure != null) {
      link.send(new Command.SegmentMapped(mapped.id()));
      link.send(new Command.ReturnSegment(mapped.id()));
      mapped.release();
      refused(failure);
      return;
    }
    boolean wanted;
    synchronized (this) {
      pendingRequest = -1;
      refusal = null;
      wanted = closed == null;
      if (wanted) {
        link.send(new Command.SegmentMapped(mapped.id()));
        LeasedSegment[] more = new LeasedSegment[segments.length + 1];
        more[0] = new LeasedSegment(mapped);
        System.arraycopy(segments, 0, more, 1, segments.length);
        segments = more;
      }
    }
    if (wanted) {
      serve();
    } else {
      mapped.release();
    }
  }

  /** Takes the refusal of a lease; says whether it was this pool's. */
  boolean failed(long request, VineyardException reason) {
    synchronized (this) {
      if (pendingRequest != request) {
        return false;
      }
    }
    refused(reason);
    return true;
  }

  /** Only the one who waits for as much as was asked for is refused; the others ask again. */
  private void refused(VineyardException reason) {
    Waiter failing = null;
    synchronized (this) {
      pendingRequest = -1;
      if (pendingBytes > 1 && giveBack(takeIdle(Long.MAX_VALUE, false))) {
        lease(pendingBytes); // before anybody is refused, what is kept for later goes
        return;
      }
      refusal = reason;
      Waiter first = waiters.peek();
      if (first != null && Math.max(1, first.sizeBytes) == pendingBytes) {
        failing = waiters.remove();
      }
    }
    if (failing != null) {
      failing.result.completeExceptionally(reason);
    }
    serve();
  }

  private void serve() {
    List<Runnable> served = new ArrayList<>();
    List<LeasedSegment> idle;
    boolean more;
    synchronized (this) {
      while (!waiters.isEmpty()) {
        Waiter waiter = waiters.peek();
        PoolAllocation found = cut(waiter.sizeBytes, Math.max(1, waiter.sizeBytes));
        if (found == null) {
          lease(Math.max(1, waiter.sizeBytes));
          break;
        }
        waiters.remove();
        served.add(() -> complete(waiter, found));
      }
      more = !waiters.isEmpty();
      idle = takeIdle();
    }
    served.forEach(Runnable::run);
    giveBack(idle);
    if (more) {
      shortage();
    }
    events.onMemory.run();
  }

  /** Says that memory is short; what comes back comes to those who wait for it. */
  private void shortage() {
    boolean unused = events.onShortage.getAsBoolean();
  }

  private static void complete(Waiter waiter, PoolAllocation found) {
    if (!waiter.result.complete(found)) {
      found.free();
    }
  }

  void seal(LeasedSegment segment) {
    boolean unmap;
    synchronized (this) {
      unmap = endOpen(segment);
    }
    if (unmap) {
      segment.mapped.release();
    }
  }

  /** Counts one allocation less; says whether the segment must be unmapped now. */
  private boolean endOpen(LeasedSegment segment) {
    segment.open--;
    boolean unmap = closed != null && segment.open == 0;
    if (unmap) {
      segments = inUse();
    }
    return unmap;
  }

  private LeasedSegment[] inUse() {
    return Arrays.stream(segments).filter(one -> one.open > 0).toArray(LeasedSegment[]::new);
  }

  /** Frees memory that was sealed, at an offset that the store knows. */
  boolean reclaimed(long segmentId, long[] offsets) {
    for (LeasedSegment segment : segments) {
      if (segment.mapped.id() == segmentId) {
        Arrays.stream(offsets).forEach(offset -> free(segment, offset, false));
        return true;
      }
    }
    return false;
  }

  void free(LeasedSegment segment, long offset, boolean wasOpen) {
    List<LeasedSegment> idle;
    boolean more;
    boolean unmap;
    synchronized (this) {
      segment.allocator.free(offset);
      refusal = null;
      unmap = wasOpen && endOpen(segment);
      idle = segment.allocator.isEmpty() ? takeIdle() : List.of();
      more = !waiters.isEmpty();
    }
    if (unmap) {
      segment.mapped.release();
    }
    giveBack(idle);
    if (more) {
      serve();
    }
  }

  /** Takes out the segments that are returned now, and sees to those that are returned later. */
  private List<LeasedSegment> takeIdle() {
    List<LeasedSegment> idle = takeIdle(users > 0 ? System.nanoTime() : Long.MAX_VALUE, true);
    if (!sweeping && Arrays.stream(segments).anyMatch(LeasedSegment::isIdle)) {
      sweeping = true;
      sweepLater();
    }
    return idle;
  }

  /**
   * Takes out the segments without allocations that are not kept.
   *
   * @param now the time by {@link System#nanoTime}; {@link Long#MAX_VALUE} if nothing is kept for
   *     the time that it may yet be of use
   * @param keepOne whether one of the usual capacity is kept while there are users
   */
  private List<LeasedSegment> takeIdle(long now, boolean keepOne) {
    List<LeasedSegment> idle = new ArrayList<>(0);
    if (closed != null) {
      return idle;
    }
    boolean keep = keepOne && users > 0;
    List<LeasedSegment> rest = new ArrayList<>(segments.length);
    for (LeasedSegment segment : segments) {
      boolean usual = segment.mapped.capacityBytes() <= mostWantedBytes;
      if (!segment.allocator.isEmpty() || (users > 0 && !usual && !segment.used)) {
        rest.add(segment);
      } else if (keep && usual) {
        keep = false;
        segment.endIdle();
        rest.add(segment);
      } else if (now != Long.MAX_VALUE && segment.idleNanos(now) < MOST_IDLE.toNanos()) {
        rest.add(segment);
      } else {
        idle.add(segment);
      }
    }
    if (!idle.isEmpty()) {
      segments = rest.toArray(new LeasedSegment[0]);
    }
    return idle;
  }

  private void sweepLater() {
    try {
      timer.schedule(this::sweep, MOST_IDLE.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException shutDown) {
      giveBack(takeIdle(Long.MAX_VALUE, true));
    }
  }

  private void sweep() {
    List<LeasedSegment> idle;
    synchronized (this) {
      sweeping = false;
      idle = takeIdle();
    }
    giveBack(idle);
  }

  /** Returns segments; says whether there were any. */
  private boolean giveBack(List<LeasedSegment> idle) {
    for (LeasedSegment segment : idle) {
      link.send(new Command.ReturnSegment(segment.mapped.id()));
      segment.mapped.release();
    }
    return !idle.isEmpty();
  }

  @Override
  public @Nullable VineyardException refusal() {
    synchronized (this) {
      return closed != null ? closed : refusal;
    }
  }

  @Override
  public void askAgain() {
    synchronized (this) {
      refusal = null;
    }
  }

  @Override
  public boolean contains(long address, long sizeBytes) {
    return find(address, sizeBytes) != null;
  }

  /** Returns the segment that these bytes lie in, null if there is none. */
  @Nullable MappedSegment find(long address, long sizeBytes) {
    for (LeasedSegment segment : segments) {
      if (segment.contains(address, sizeBytes)) {
        return segment.mapped;
      }
    }
    return null;
  }

  /**
   * The store is gone: nothing more is allocated, and what is in use is unmapped when it is freed.
   */
  void close(VineyardException reason) {
    List<Waiter> failing;
    List<LeasedSegment> unused = new ArrayList<>();
    synchronized (this) {
      if (closed != null) {
        return;
      }
      closed = reason;
      failing = new ArrayList<>(waiters);
      waiters.clear();
      for (LeasedSegment segment : segments) {
        if (segment.open == 0) {
          unused.add(segment);
        }
      }
      segments = inUse();
    }
    failing.forEach(waiter -> waiter.result.completeExceptionally(reason));
    unused.forEach(segment -> segment.mapped.release());
  }
}
