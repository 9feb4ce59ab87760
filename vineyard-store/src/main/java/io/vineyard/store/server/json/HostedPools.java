package io.vineyard.store.server.json;

import io.vineyard.store.VineyardException;
import io.vineyard.store.core.Hosting;
import io.vineyard.store.message.Event;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The memory that clients write in, and that which the server itself writes in for them, and what
 * happens to both while nobody uses them.
 */
final class HostedPools implements Hosting.Unused {
  private static final long SWEEP_MILLIS = 500;
  private static final long FIRST_BYTES = 1 << 20;
  private static final int MOST_EMPTY = 16;

  private final VineyardHost host;
  private final ScheduledExecutorService loop;
  private final long keepFreedNanos;
  private final HostedMemory written;
  private final HostedMemory rendered;
  private final List<HostedMemory> all;
  private boolean sweeping;
  private boolean emptying;
  private boolean closed;

  /**
   * Makes empty pools.
   *
   * @param keepFreed how long pages that nobody uses are kept, at most
   */
  HostedPools(VineyardHost host, ScheduledExecutorService loop, Duration keepFreed) {
    this.host = host;
    this.loop = loop;
    this.keepFreedNanos = TimeUnit.NANOSECONDS.convert(keepFreed);
    Hosting hosting = host.hosting();
    long most = hosting.limits().segmentBytes();
    this.written = new HostedMemory(hosting, host::nextNumber, FIRST_BYTES, most, System::nanoTime);
    this.rendered =
        new HostedMemory(hosting, host::nextNumber, FIRST_BYTES, most, System::nanoTime);
    this.all = List.of(written, rendered);
    all.forEach(pool -> pool.onChange = this::changed);
  }

  /** Returns the memory that clients write in. */
  HostedMemory written() {
    return written;
  }

  /** Returns the memory for what the server itself writes. */
  HostedMemory rendered() {
    return rendered;
  }

  /** Returns how much memory is only there to be cut. */
  long freeBytes() {
    return written.freeBytes() + rendered.freeBytes();
  }

  /** Takes the answer to a lease. */
  boolean leased(Event.SegmentLeased event) {
    return written.leased(event) || rendered.leased(event);
  }

  /** Takes the refusal of a lease; says whether it was one's. */
  boolean failed(long request, VineyardException reason) {
    return written.failed(request, reason) || rendered.failed(request, reason);
  }

  @Override
  public long sizeBytes() {
    return all.stream().mapToLong(HostedMemory::unusedBytes).sum();
  }

  @Override
  public boolean giveBack(long bytes) {
    return giveBack(all, bytes, System.nanoTime()) > 0;
  }

  /** Empties what nobody uses, what was used last only last; returns how many bytes went. */
  static long giveBack(List<HostedMemory> pools, long bytes, long nanoTime) {
    List<Slab> oldestFirst =
        pools.stream()
            .flatMap(HostedMemory::unused)
            .sorted(Comparator.comparingLong(slab -> slab.idleSinceNanos - nanoTime))
            .toList();
    long gone = 0;
    for (Slab slab : oldestFirst) {
      gone += gone < bytes ? slab.empty() : 0;
    }
    return gone;
  }

  private void changed() {
    sweepLater();
    host.freed();
  }

  /** Looks soon for what nobody uses any more. */
  void sweepLater() {
    if (!sweeping && !closed) {
      sweeping = true;
      var unused = loop.schedule(this::sweep, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private void sweep() {
    sweeping = false;
    if (closed) {
      return;
    }
    host.swept();
    all.forEach(HostedMemory::setIdleAside);
    emptyOld();
    if (all.stream().anyMatch(HostedMemory::hasIdle)) {
      sweepLater();
    }
  }

  /** Gives pages back that were kept for long enough, and looks again when the next ones were. */
  private void emptyOld() {
    if (closed) {
      return;
    }
    long next = Long.MAX_VALUE;
    for (HostedMemory pool : all) {
      next = Math.min(next, pool.emptyOld(keepFreedNanos));
      // Clients who know a segment need not map a new one.
      pool.forgetEmpty(host.sessions() == 0 ? 0 : MOST_EMPTY);
    }
    if (!emptying && next != Long.MAX_VALUE) {
      emptying = true;
      var unused = loop.schedule(this::emptyOldAgain, next, TimeUnit.NANOSECONDS);
    }
  }

  private void emptyOldAgain() {
    emptying = false;
    emptyOld();
  }

  /** The store is closed: but what the server is still writing in is closed by who writes it. */
  void close() {
    closed = true;
    written.close();
  }
}
