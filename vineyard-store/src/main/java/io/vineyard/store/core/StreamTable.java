package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.ring.RingLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** All streams. One that is over and drained goes; how it ended is remembered for a while. */
final class StreamTable {
  /** Takes a new stream, or the reason why there is none. */
  interface Done {
    /** The stream is there. */
    void created(StreamLog log);

    /** There is none. */
    void failed(VineyardException reason);
  }

  /** How a stream ended that is gone. */
  private record Outcome(String text, boolean wasDropped) {}

  private static final int REMEMBERED = 1024;

  final SegmentTable segments;
  final HeldBytes held;
  private final StoreLimits limits;
  private final ObjectTable objects;
  private final NameTable names;
  private final TreeMap<Long, StreamLog> streams = new TreeMap<>();
  private boolean closed;

  /** Streams whose rings somebody may use, also if they are removed. */
  private final Set<StreamLog> live = new HashSet<>();

  private final Map<Long, Outcome> outcomes =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Outcome> eldest) {
          return size() > REMEMBERED;
        }
      };

  StreamTable(
      StoreLimits limits,
      SegmentTable segments,
      ObjectTable objects,
      NameTable names,
      HeldBytes held) {
    this.objects = objects;
    this.limits = limits;
    this.held = held;
    this.segments = segments;
    this.names = names;
  }

  /** Told of every stream that was dropped. */
  LongConsumer onDropped = id -> {};

  int count() {
    return streams.size();
  }

  /** Calls for the metadata of the first streams of these types. */
  void list(Predicate<String> types, int limit, LongConsumer cost, Consumer<ObjectMeta> found) {
    int left = limit;
    for (StreamLog log : streams.values()) {
      if (left <= 0) {
        return;
      }
      if (types.test(log.spec.typeName())) {
        ObjectMeta meta = StreamMeta.of(log.info());
        cost.accept(MetaTree.ofOwn(meta).bytes());
        found.accept(meta);
        left--;
      }
    }
  }

  /** Makes a stream; tells the outcome, now or later. */
  void create(long id, StreamSpec spec, Done done) {
    checkCreate(id, spec);
    RingLayout layout = RingLayout.of(spec.windowChunks());
    segments.reserve(layout.sizeBytes());
    segments.make(
        layout.sizeBytes(),
        (segment, failure) -> {
          StreamLog log;
          try {
            log = created(id, spec, ring(layout, segment, failure));
          } catch (VineyardException e) {
            segments.unreserve(layout.sizeBytes());
            done.failed(e);
            return;
          }
          done.created(log);
        });
  }

  private static StreamRing ring(
      RingLayout layout, @Nullable Segment segment, @Nullable VineyardException failure) {
    if (segment == null) {
      throw Objects.requireNonNull(failure, "failure");
    }
    return StreamRing.create(layout, segment);
  }

  private StreamLog created(long id, StreamSpec spec, StreamRing ring) {
    String name = spec.name();
    try {
      checkCreate(id, spec);
      if (name != null) {
        names.put(name, id);
      }
    } catch (VineyardException e) {
      ring.close();
      throw e;
    }
    StreamLog log = new StreamLog(this, id, spec, ring);
    streams.put(id, log);
    live.add(log);
    return log;
  }

  private void checkCreate(long id, StreamSpec spec) {
    if (streams.containsKey(id)) {
      throw VineyardException.of(
          ErrorCode.OBJECT_EXISTS, "expected an id without stream, got " + new ObjectId(id));
    }
    if (closed) {
      throw VineyardException.of(ErrorCode.STORE_LOST, "the store was closed");
    }
    if (streams.size() >= limits.streams()) {
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED, "expected at most " + limits.streams() + " streams, got 1 more");
    }
    String name = spec.name();
    Long taken = name == null ? null : names.find(name);
    if (taken != null) {
      throw VineyardException.of(
          ErrorCode.OBJECT_EXISTS,
          "expected a name that is free for " + spec + ", it is that of " + new ObjectId(taken));
    }
  }

  @Nullable StreamLog find(long id) {
    return streams.get(id);
  }

  StreamLog require(long id) {
    StreamLog log = streams.get(id);
    if (log == null) {
      throw gone(id);
    }
    return log;
  }

  /** Returns why there is no stream with this id. */
  VineyardException gone(long id) {
    Outcome outcome = outcomes.get(id);
    return outcome == null
        ? VineyardException.of(
            ErrorCode.OBJECT_NOT_EXISTS, "expected a stream, there is no " + new ObjectId(id))
        : VineyardException.of(ErrorCode.STREAM_DRAINED, outcome.text);
  }

  /** Returns whether a stream was read to its end, and is gone. */
  boolean isDrained(long id) {
    Outcome outcome = outcomes.get(id);
    return outcome != null && !outcome.wasDropped;
  }

  /** Returns the stream of a writer that this client has opened. */
  StreamLog written(AttachedClient client, long handle) {
    StreamLog log = client.writers.get(handle);
    if (log == null) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR, "expected an open writer of " + client + ", got " + handle);
    }
    return log;
  }

  ReaderCursor read(AttachedClient client, long handle) {
    ReaderCursor cursor = client.readers.get(handle);
    if (cursor == null) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR, "expected an open reader of " + client + ", got " + handle);
    }
    return cursor;
  }

  void drop(StreamLog log, String by) {
    remove(log, new Outcome(log.describe() + " was dropped by " + by, true));
    log.drop(by);
    onDropped.accept(log.id);
  }

  /** Removes a stream that is over, and frees the ring of one that nobody uses any more. */
  void removeIfOver(StreamLog log) {
    if (streams.get(log.id) == log && log.isDrained()) {
      remove(log, new Outcome(log.outcome(), false));
    }
    if (streams.get(log.id) != log && log.isAbandoned() && live.remove(log)) {
      close(log);
    }
  }

  private void close(StreamLog log) {
    log.forgetPreamble();
    log.close();
    segments.unreserve(RingLayout.of(log.spec.windowChunks()).sizeBytes());
  }

  private void remove(StreamLog log, Outcome outcome) {
    streams.remove(log.id);
    if (!objects.exists(log.id)) {
      names.dropAllOf(log.id);
    }
    log.forgetPreamble();
    outcomes.put(log.id, outcome);
  }

  /** Its readers first: the end that comes with its writers is for those who are still there. */
  void detach(AttachedClient client) {
    List<ReaderCursor> cursors = new ArrayList<>(client.readers.values());
    client.readers.clear();
    for (ReaderCursor cursor : cursors) {
      cursor.log.loseReader(cursor);
    }
    List<StreamLog> written = new ArrayList<>(client.writers.values());
    client.writers.clear();
    for (StreamLog log : written) {
      log.loseWriter(client);
    }
  }

  long leases() {
    long leases = 0;
    for (StreamLog log : live) {
      leases += log.leases();
    }
    return leases;
  }

  void close() {
    closed = true;
    live.forEach(this::close);
    live.clear();
    streams.clear();
  }
}
