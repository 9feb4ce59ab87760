package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.core.EventSink;
import io.vineyard.store.core.Hosting;
import io.vineyard.store.core.StoreCore;
import io.vineyard.store.message.Event;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all clients of Vineyard's dialect share in one server. */
public final class VineyardHost implements EventSink {
  /** The instance that this server is: the only one. */
  public static final long INSTANCE = 0;

  /** The version of Vineyard whose dialect this is. */
  static final String VERSION = "0.24.4";

  /** The highest version of our own dialect that is spoken here. */
  static final int BINARY_VERSION = 1;

  private static final Logger log = LoggerFactory.getLogger(VineyardHost.class);

  private static final int PERCENT = 100;
  private static final int MOST_USED_PERCENT = 80;

  private final StoreCore core;
  private final Hosting hosting;
  private final String socket;
  private final ScheduledExecutorService loop;
  private final HostedPools pools;
  private final Chunks chunks;
  private final Clock clock = Clock.systemUTC();
  private final String hostName = hostNameOfKernel();
  private final Set<Session> sessions = new LinkedHashSet<>();
  private final Map<ObjectId, HostedStream> streams = new HashMap<>();
  private final Map<ObjectId, OpenBlob> open = new HashMap<>();
  private final Map<Long, HostedStream> ends = new HashMap<>();
  private final Map<Long, HostedRing> rings = new HashMap<>();
  private final List<Event> later = new ArrayList<>();
  private final Set<Runnable> waits = new LinkedHashSet<>();
  private long lastNumber;
  private int waitingWriters;
  private boolean looking;
  private boolean waking;
  private boolean closed;

  /**
   * Makes the host; costs nothing until the first client comes.
   *
   * @param socket the path that clients are told
   * @param loop the thread that owns the tables
   * @param worker may take its time
   * @param keepFreed how long pages that clients have freed are kept for the next ones, at most
   */
  public VineyardHost(
      StoreCore core,
      String socket,
      ScheduledExecutorService loop,
      Executor worker,
      Duration keepFreed) {
    this.core = core;
    this.socket = socket;
    this.loop = loop;
    this.hosting = core.host("a client of Vineyard's dialect", this);
    this.pools = new HostedPools(this, loop, keepFreed);
    this.chunks = new Chunks(this, pools.rendered(), worker, loop);
    hosting.onCreated(this::created);
    hosting.onRemoved(chunks.stored()::removed);
    hosting.onDropped(this::dropped);
    hosting.setUnused(pools);
    hosting.onFreed(this::freed);
  }

  private static String hostNameOfKernel() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException e) {
      return "localhost";
    }
  }

  /** Begins a session for a connection. */
  public Session connect(Peer peer) {
    Session session = new Session(this, peer);
    sessions.add(session);
    return session;
  }

  void closed(Session session) {
    sessions.remove(session);
    pools.sweepLater();
  }

  int sessions() {
    return sessions.size();
  }

  StoreCore core() {
    return core;
  }

  Hosting hosting() {
    return hosting;
  }

  Chunks chunks() {
    return chunks;
  }

  HostedMemory memory() {
    return pools.written();
  }

  String socket() {
    return socket;
  }

  long nextNumber() {
    return ++lastNumber;
  }

  /** Returns the number by which clients know the file of a segment. */
  static int fileOf(long segment) {
    return Math.toIntExact(segment);
  }

  // Memory.

  void free(HostedMemory.Range range) {
    pools.written().free(range);
  }

  /** There is memory for those who wait for it. */
  void freed() {
    if (!looking && waitingWriters > 0) {
      looking = true;
      loop.execute(this::lookForMemory);
    }
  }

  private void lookForMemory() {
    looking = false;
    List.copyOf(streams.values())
        .forEach(stream -> safely("a wait for memory", stream::lookForMemory));
  }

  /** Counts the writers that wait for memory. */
  void waitingWriters(int change) {
    waitingWriters += change;
  }

  /** Returns how much memory a stream may have: as in Vineyard, others need some, too. */
  private long mostForStreams() {
    return core.limits().capacityBytes() / PERCENT * MOST_USED_PERCENT;
  }

  /** Refuses a chunk that a stream can never have memory for. */
  void checkChunk(long sizeBytes) {
    if (sizeBytes >= mostForStreams()) {
      throw VineyardException.of(
          ErrorCode.NOT_ENOUGH_MEMORY,
          "expected a chunk of less than " + mostForStreams() + " bytes, got " + sizeBytes);
    }
  }

  /** Returns whether a stream may have so much memory now. */
  boolean hasMemoryFor(long sizeBytes) {
    return sizeBytes == 0 || sizeBytes < mostForStreams() - memoryUsage();
  }

  /** Returns how much memory is used, not counting what is only kept for later. */
  long memoryUsage() {
    return hosting.usedBytes() - pools.freeBytes();
  }

  /** Gives all memory back that nobody uses; returns whether that was any. */
  boolean trim() {
    return pools.giveBack(Long.MAX_VALUE);
  }

  /** Called now and then. */
  void swept() {
    if (sessions.isEmpty()) {
      // Others may have deleted what it was made for.
      streams.values().removeIf(stream -> !hosting.exists(stream.id));
    }
  }

  // Blobs.

  void opened(OpenBlob blob) {
    open.put(blob.id(), blob);
  }

  @Nullable OpenBlob open(ObjectId id) {
    return open.get(id);
  }

  void closed(OpenBlob blob) {
    open.remove(blob.id());
    Session owner = blob.owner;
    if (owner != null) {
      owner.closed(blob);
    }
  }

  void clear() {
    hosting.clear();
    for (OpenBlob blob : List.copyOf(open.values())) {
      blob.abort();
    }
  }

  // Waits for objects and names.

  void await(Runnable look) {
    waits.add(look);
  }

  void endWait(Runnable look) {
    waits.remove(look);
  }

  int waiting() {
    return waits.size();
  }

  private void created() {
    if (!waits.isEmpty() && !waking) {
      waking = true;
      loop.execute(this::wakeWaits);
    }
  }

  private void wakeWaits() {
    waking = false;
    List.copyOf(waits).forEach(look -> safely("a wait", look));
  }

  String hostName() {
    return hostName;
  }

  long nowSeconds() {
    return clock.instant().getEpochSecond();
  }

  // Streams.

  /** Returns the stream with an id, however it was made. */
  HostedStream stream(ObjectId id) {
    HostedStream stream = streams.get(id);
    if (stream == null) {
      if (hosting.stream(id) == null) {
        throw VineyardException.of(
            hosting.isDrained(id) ? ErrorCode.STREAM_DRAINED : ErrorCode.OBJECT_NOT_EXISTS,
            "expected a stream, there is no stream " + id);
      }
      stream = new HostedStream(this, id, false);
      streams.put(id, stream);
    }
    return stream;
  }

  void createStream(ObjectId id, StreamSpec spec, Hosting.Done done) {
    if (streams.containsKey(id)) {
      throw VineyardException.of(
          ErrorCode.OBJECT_EXISTS, "expected an id without stream, got " + id);
    }
    int most = core.limits().streams();
    if (streams.size() >= most) {
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED,
          "expected at most " + most + " streams that were not dropped, got 1 more");
    }
    hosting.createStream(
        id,
        spec,
        failure -> {
          if (failure == null) {
            streams.put(id, new HostedStream(this, id, true));
          }
          done.complete(failure);
        });
  }

  void dropStream(ObjectId id) {
    HostedStream stream = streams.remove(id);
    if (stream != null) {
      stream.drop();
    } else if (hosting.stream(id) != null) {
      hosting.dropStream(id);
    } else if (!hosting.isDrained(id)) {
      throw VineyardException.of(
          ErrorCode.OBJECT_NOT_EXISTS, "expected a stream, there is no stream " + id);
    }
  }

  /** Whoever has dropped it, nothing is known of it here any more. */
  private void dropped(ObjectId id) {
    HostedStream stream = streams.remove(id);
    if (stream != null) {
      safely("a stream that was dropped", stream::drop);
    }
  }

  boolean hasStream(ObjectId id) {
    return streams.containsKey(id) || hosting.stream(id) != null;
  }

  void forget(HostedStream stream) {
    streams.remove(stream.id, stream);
  }

  HostedWriter openWriter(HostedStream stream) {
    long handle = nextNumber();
    hosting.openWriter(stream.id, handle);
    ends.put(handle, stream);
    return new HostedWriter(this, takeRing(handle));
  }

  HostedReader openReader(HostedStream stream) {
    long handle = nextNumber();
    hosting.openReader(stream.id, handle);
    ends.put(handle, stream);
    return new HostedReader(this, takeRing(handle));
  }

  private HostedRing takeRing(long handle) {
    HostedRing ring = rings.remove(handle);
    if (ring == null) {
      throw VineyardException.of(
          ErrorCode.ASSERTION_FAILED, "expected a ring before the end of a stream, got none");
    }
    return ring;
  }

  void closed(HostedWriter writer) {
    HostedStream stream = ends.remove(writer.handle());
    if (stream != null && !closed) {
      stream.closed(writer);
    }
  }

  /** Has an end of a stream look again, when others have had their turn. */
  void lookAgain(long handle) {
    loop.execute(() -> toStream(new Event.Wake(handle)));
  }

  void closed(HostedReader reader) {
    ends.remove(reader.handle());
    reader.close();
  }

  // Events.

  @Override
  public void send(Event event) {
    if (event instanceof Event.SegmentLeased leased) {
      if (!pools.leased(leased)) {
        leased.segment().close();
      }
    } else if (event instanceof Event.Failed failed) {
      VineyardException reason =
          VineyardException.of(ErrorCode.of(failed.code()), failed.message());
      boolean unused = pools.failed(failed.request(), reason);
    } else if (event instanceof Event.SegmentShared shared) {
      shared.segment().close(); // is asked for when it is needed
      later(event);
    } else if (event instanceof Event.SegmentClosed gone) {
      chunks.closed(gone.id());
    } else if (event instanceof Event.RingShared ring) {
      rings.put(ring.handle(), new HostedRing(ring));
    } else {
      later(event);
    }
  }

  private void later(Event event) {
    later.add(event);
    if (later.size() == 1) {
      loop.execute(this::deliver);
    }
  }

  /** What happens to streams is told when the tables are not in the middle of something. */
  private void deliver() {
    List<Event> events = List.copyOf(later);
    later.clear();
    events.forEach(event -> safely("an event of a stream", () -> toStream(event)));
  }

  /** What goes wrong for one must not keep others waiting. */
  private static void safely(String what, Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      log.error("Failed at {}", what, e);
    }
  }

  private void toStream(Event event) {
    if (event instanceof Event.SegmentShared) {
      Set.copyOf(ends.values()).forEach(stream -> stream.reading().deliver());
    } else if (event instanceof Event.Wake one && ends.containsKey(one.handle())) {
      ends.get(one.handle()).woken();
    } else if (event instanceof Event.Returned one && ends.containsKey(one.handle())) {
      ends.get(one.handle()).reading().returned();
    } else if (event instanceof Event.Preamble one && ends.containsKey(one.handle())) {
      ends.get(one.handle()).reading().preamble(one);
    } else if (event instanceof Event.StreamEnded one && ends.containsKey(one.handle())) {
      ends.get(one.handle()).reading().ended(one);
    } else if (event instanceof Event.WriterStopped one && ends.containsKey(one.handle())) {
      ends.get(one.handle()).writerStopped();
    }
  }

  @Override
  public void detached(VineyardException reason) {
    closed = true;
    streams.values().forEach(HostedStream::shut);
    Set.copyOf(ends.values()).forEach(HostedStream::shut);
    streams.clear();
    ends.clear();
    pools.close();
    chunks.close();
    rings.values().forEach(HostedRing::close);
    rings.clear();
  }
}
