package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.core.Hosting;
import io.vineyard.store.message.Event;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Memory for clients that can't cut it themselves.
 *
 * <p>As in Vineyard, all of them write in the same segments, which are mapped by a client once. So
 * a segment is never exchanged for another one. Without anything in it, it is soon set aside: its
 * pages are spare then, which cost much to get, and go only when they are old or the memory is
 * wanted. In the end it has none, and gets new ones when it is needed. Those who wait for memory
 * get it in their order.
 */
final class HostedMemory {
  /** A piece of memory; whoever got it frees it once. */
  record Range(Slab slab, long offset, long sizeBytes) {
    long segment() {
      return slab.segment;
    }

    long address() {
      return slab.address(offset, sizeBytes);
    }
  }

  private static final class Waiter {
    final long sizeBytes;
    final LongPredicate segments;
    final Consumer<Range> granted;
    final Consumer<VineyardException> refused;
    boolean refusedOnce;

    Waiter(
        long sizeBytes,
        LongPredicate segments,
        Consumer<Range> granted,
        Consumer<VineyardException> refused) {
      this.sizeBytes = sizeBytes;
      this.segments = segments;
      this.granted = granted;
      this.refused = refused;
    }
  }

  private static final long NONE = -1;
  private static final long MOST_IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final Comparator<Slab> CHEAPEST_FIRST =
      Comparator.comparing((Slab slab) -> slab.state == Slab.State.EMPTY)
          .thenComparing(slab -> slab.memory.capacityBytes());

  private final Hosting hosting;
  private final LongSupplier numbers;
  private final long mostWantedBytes;
  private final LongSupplier nanoTime;
  private final List<Slab> slabs = new ArrayList<>();
  private final Deque<Waiter> waiters = new ArrayDeque<>();

  /** Run when memory is free, or not used any more. */
  Runnable onChange = () -> {};

  private long wantedBytes;
  private long pendingRequest = NONE;
  private boolean filling;
  private long usedBytes;

  /**
   * Makes a pool that takes its segments from the store when they are needed.
   *
   * @param numbers makes numbers of requests
   * @param firstBytes the capacity of the first segment; it doubles from one to the next
   * @param mostBytes the capacity at which the doubling ends
   * @param nanoTime the time, as of {@link System#nanoTime}
   */
  HostedMemory(
      Hosting hosting,
      LongSupplier numbers,
      long firstBytes,
      long mostBytes,
      LongSupplier nanoTime) {
    this.hosting = hosting;
    this.numbers = numbers;
    this.wantedBytes = Math.min(firstBytes, mostBytes);
    this.mostWantedBytes = mostBytes;
    this.nanoTime = nanoTime;
  }

  /** Returns how many bytes of the segments are not cut off. */
  long freeBytes() {
    long free = 0;
    for (Slab slab : slabs) {
      free += slab.state == Slab.State.FILLED ? slab.allocator.freeBytes() : 0;
    }
    return free;
  }

  /** Returns how many bytes were asked for and not freed. */
  long usedBytes() {
    return usedBytes;
  }

  /** Cuts memory of any segment. */
  Runnable allocate(long sizeBytes, Consumer<Range> granted, Consumer<VineyardException> refused) {
    return allocate(sizeBytes, segment -> true, granted, refused);
  }

  /**
   * Cuts memory, now or when there is some.
   *
   * @param segments those that it may be cut from, all later ones among them
   * @return what withdraws the request
   */
  Runnable allocate(
      long sizeBytes,
      LongPredicate segments,
      Consumer<Range> granted,
      Consumer<VineyardException> refused) {
    Waiter waiter = new Waiter(sizeBytes, segments, granted, refused);
    waiters.add(waiter);
    serve();
    return () -> waiters.remove(waiter);
  }

  private void serve() {
    while (!waiters.isEmpty() && !filling && pendingRequest == NONE) {
      Waiter first = waiters.element();
      Range range = cut(first);
      if (range == null) {
        fetch(first);
        return;
      }
      waiters.remove();
      first.granted.accept(range);
    }
  }

  private @Nullable Range cut(Waiter waiter) {
    long sizeBytes = waiter.sizeBytes;
    for (Slab slab : slabs) {
      boolean usable = slab.state == Slab.State.FILLED && suits(slab, waiter);
      long offset = usable ? slab.allocator.allocate(sizeBytes) : NONE;
      if (offset != NONE) {
        usedBytes += sizeBytes;
        return new Range(slab, offset, sizeBytes);
      }
    }
    return null;
  }

  /** Little things do not keep a large segment, unless there is nothing else. */
  private boolean suits(Slab slab, Waiter waiter) {
    long capacity = slab.memory.capacityBytes();
    boolean large = capacity > mostWantedBytes && waiter.sizeBytes <= capacity / 2;
    return (!large || waiter.refusedOnce)
        && waiter.sizeBytes <= capacity
        && waiter.segments.test(slab.segment);
  }

  /** Who was refused once does with a segment that is smaller than those that are kept. */
  private static boolean canBeRefilled(Slab slab, Waiter waiter) {
    return slab.state == Slab.State.SPARE
        || (slab.state == Slab.State.EMPTY && !waiter.refusedOnce);
  }

  private void fetch(Waiter waiter) {
    Optional<Slab> kept =
        slabs.stream()
            .filter(slab -> canBeRefilled(slab, waiter))
            .filter(slab -> suits(slab, waiter))
            .min(CHEAPEST_FIRST);
    if (kept.isPresent()) {
      refill(kept.get());
      return;
    }
    pendingRequest = numbers.getAsLong();
    try {
      hosting.leaseSegment(pendingRequest, waiter.sizeBytes, wantedBytes);
      wantedBytes = Math.min(mostWantedBytes, wantedBytes * 2);
    } catch (VineyardException e) {
      refused(e);
    }
  }

  private void refill(Slab slab) {
    filling = true;
    Slab.State before = slab.state;
    slab.state = Slab.State.FILLING;
    hosting.refill(
        slab.segment,
        failure -> {
          filling = false;
          slab.state = failure == null ? Slab.State.FILLED : before;
          slab.idleSinceNanos = nanoTime.getAsLong();
          if (failure == null) {
            serve();
          } else {
            refused(failure);
          }
          onChange.run();
        });
  }

  /** Takes the answer to a lease; says whether it was this pool's. */
  boolean leased(Event.SegmentLeased event) {
    if (event.request() != pendingRequest) {
      return false;
    }
    pendingRequest = NONE;
    Slab slab = new Slab(hosting, event.id(), event.segment());
    slab.idleSinceNanos = nanoTime.getAsLong();
    hosting.open(event.id());
    slabs.add(slab);
    serve();
    onChange.run();
    return true;
  }

  /** Takes the refusal of a lease; says whether it was this pool's. */
  boolean failed(long request, VineyardException reason) {
    if (request != pendingRequest) {
      return false;
    }
    refused(reason);
    return true;
  }

  /** Before somebody is refused it is tried once more, with anything that will do. */
  private void refused(VineyardException reason) {
    pendingRequest = NONE;
    Waiter first = waiters.peek();
    if (first == null) {
      return;
    }
    if (!first.refusedOnce) {
      first.refusedOnce = true;
    } else {
      waiters.remove();
      first.refused.accept(reason);
    }
    serve();
  }

  /** Frees memory. */
  void free(Range range) {
    Slab slab = range.slab;
    slab.allocator.free(range.offset);
    usedBytes -= range.sizeBytes;
    slab.idleSinceNanos = nanoTime.getAsLong();
    serve();
    onChange.run();
  }

  /** Returns the segments with pages that nobody uses. */
  Stream<Slab> unused() {
    return slabs.stream().filter(Slab::hasUnusedPages);
  }

  /** Returns how many bytes those have. */
  long unusedBytes() {
    return unused().mapToLong(slab -> slab.memory.capacityBytes()).sum();
  }

  /** Sets the segments aside that nobody has used for a while. */
  void setIdleAside() {
    long now = nanoTime.getAsLong();
    for (Slab slab : slabs) {
      if (slab.isIdle() && now - slab.idleSinceNanos >= MOST_IDLE_NANOS) {
        slab.setAside();
      }
    }
  }

  /**
   * Gives spare pages back that nobody has used for so long.
   *
   * @return how long it takes until the next ones are due; {@link Long#MAX_VALUE} without any
   */
  long emptyOld(long nanos) {
    long now = nanoTime.getAsLong();
    long next = Long.MAX_VALUE;
    for (Slab slab : slabs) {
      long left = nanos - (now - slab.idleSinceNanos);
      if (slab.state == Slab.State.SPARE && left > 0) {
        next = Math.min(next, left);
      } else if (slab.state == Slab.State.SPARE) {
        long unused = slab.empty();
      }
    }
    return next;
  }

  /**
   * Gives segments back that have no pages.
   *
   * @param most how many of them are kept, so that clients who know them need not map new ones
   */
  void forgetEmpty(int most) {
    int kept = 0;
    for (Slab slab : List.copyOf(slabs)) {
      if (slab.state == Slab.State.EMPTY && ++kept > most) {
        slabs.remove(slab);
        hosting.giveBack(slab.segment);
        slab.close();
      }
    }
  }

  /** Returns whether there are segments that nothing lies in, and that are not set aside. */
  boolean hasIdle() {
    return slabs.stream().anyMatch(Slab::isIdle);
  }

  /** Returns whether there is no segment. */
  boolean isEmpty() {
    return slabs.isEmpty() && pendingRequest == NONE;
  }

  /** The store is closed. */
  void close() {
    VineyardException closed = VineyardException.of(ErrorCode.STORE_LOST, "the store was closed");
    List<Waiter> failing = List.copyOf(waiters);
    waiters.clear();
    failing.forEach(waiter -> waiter.refused.accept(closed));
    slabs.forEach(Slab::close);
    slabs.clear();
  }
}
