package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.Command;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A store: its tables, and the clients attached to it.
 *
 * <p>Whoever makes a store chooses the one thread that makes every call here and to the {@link
 * AttachedClient}s.
 */
public final class StoreCore {
  private final StoreLimits limits;
  private final Set<AttachedClient> clients = new LinkedHashSet<>();
  private final List<AttachedClient> hosts = new ArrayList<>();
  final Ids ids;
  final SegmentTable segments;
  final BlobTable blobs;
  final NameTable names;
  final ObjectTable objects;
  final StreamTable streams;
  private boolean closed;

  /**
   * Makes an empty store.
   *
   * @param limits its bounds
   * @param source makes its segments
   * @param clock for ids
   */
  public StoreCore(StoreLimits limits, SegmentSource source, Clock clock) {
    this.limits = limits;
    this.ids = new Ids(clock);
    this.segments = new SegmentTable(limits, source);
    this.blobs = new BlobTable(segments);
    HeldBytes held = new HeldBytes(limits.heldBytes());
    this.names = new NameTable(held);
    this.objects = new ObjectTable(limits, ids, blobs, names, held);
    this.streams = new StreamTable(limits, segments, objects, names, held);
  }

  /** Returns the bounds of this store. */
  public StoreLimits limits() {
    return limits;
  }

  /**
   * Attaches a client.
   *
   * @param name who it is, in messages to others
   * @param sink takes its events
   * @throws VineyardException with {@link ErrorCode#LIMIT_REACHED} if there are too many, or {@link
   *     ErrorCode#STORE_LOST} after {@link #close}
   */
  public AttachedClient attach(String name, EventSink sink) {
    if (closed) {
      throw closedError();
    }
    if (clients.size() >= limits.clients()) {
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED,
          "expected at most " + limits.clients() + " clients, got 1 more: " + name);
    }
    AttachedClient client = new AttachedClient(this, name, sink);
    clients.add(client);
    return client;
  }

  /**
   * Begins to host clients that can't use the tables themselves.
   *
   * @param name who they are, in messages to others
   * @param sink takes the events for them
   */
  public Hosting host(String name, EventSink sink) {
    AttachedClient host = new AttachedClient(this, name, sink);
    hosts.add(host);
    return new Hosting(this, host);
  }

  boolean isClosed() {
    return closed;
  }

  void checkObjects(int more) {
    int most = limits.objects();
    if (objects.count() > most - more) {
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED, "expected at most " + most + " objects, got " + more + " more");
    }
  }

  /** Returns how many clients are attached. */
  public int clients() {
    return clients.size();
  }

  /** Returns the store as it is now. */
  public StoreStatus status() {
    return new StoreStatus(
        limits.capacityBytes(),
        segments.usedBytes(),
        segments.peakBytes(),
        segments.count(),
        clients.size(),
        objects.count(),
        names.count(),
        streams.count(),
        streams.leases() + blobs.leases());
  }

  /** Detaches every client, and frees all memory. */
  public void close() {
    if (!closed) {
      closed = true;
      for (AttachedClient client : new ArrayList<>(clients)) {
        client.markDetached(closedError());
      }
      clients.clear();
      hosts.forEach(host -> host.markDetached(closedError()));
      streams.close();
      segments.close();
    }
  }

  void handle(AttachedClient client, Command command) {
    try {
      command.accept(new CommandRules(this, client));
    } catch (VineyardException e) {
      detach(client, e);
    }
  }

  void detach(AttachedClient client, VineyardException reason) {
    if (clients.remove(client)) {
      client.markDetached(reason);
      names.detach(client);
      streams.detach(client);
      client.blobLeases.drain(blobs::release);
      segments.detach(client);
    }
  }

  private static VineyardException closedError() {
    return VineyardException.of(ErrorCode.STORE_LOST, "the store was closed");
  }
}
