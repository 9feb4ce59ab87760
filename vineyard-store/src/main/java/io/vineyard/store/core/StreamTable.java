package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StreamInfo.State;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.ChunkBody;
import io.vineyard.store.message.Command;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** All streams. One that is over and drained goes; how it ended is remembered for a while. */
final class StreamTable {
  private static final int REMEMBERED = 1024;

  final SegmentTable segments;
  final BlobTable blobs;
  final HeldBytes held;
  private final StoreLimits limits;
  private final NameTable names;
  private final TreeMap<Long, StreamLog> streams = new TreeMap<>();
  private long leases;
  private final Map<Long, String> outcomes =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, String> eldest) {
          return size() > REMEMBERED;
        }
      };

  StreamTable(
      StoreLimits limits, SegmentTable segments, BlobTable blobs, NameTable names, HeldBytes held) {
    this.limits = limits;
    this.held = held;
    this.segments = segments;
    this.blobs = blobs;
    this.names = names;
  }

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

  StreamLog create(long id, StreamSpec spec) {
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
    StreamLog log = new StreamLog(this, id, spec);
    if (name != null) {
      names.put(name, id);
    }
    streams.put(id, log);
    return log;
  }

  @Nullable StreamLog find(long id) {
    return streams.get(id);
  }

  StreamLog require(long id) {
    StreamLog log = streams.get(id);
    if (log == null) {
      String outcome = outcomes.get(id);
      throw outcome == null
          ? VineyardException.of(
              ErrorCode.OBJECT_NOT_EXISTS, "expected a stream, there is no " + new ObjectId(id))
          : VineyardException.of(ErrorCode.STREAM_DRAINED, outcome);
    }
    return log;
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

  void publish(AttachedClient client, Command.Publish command) {
    StreamLog log = written(client, command.handle());
    ChunkBody body = command.body();
    if (body.segments().length > limits.segmentsPerChunk()
        || body.blobs().length > limits.segmentsPerChunk()
        || body.header().remaining() > limits.headerBytes()) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected a chunk within " + limits + ", got " + body + " for " + log.describe());
    }
    SegmentEntry[] lies = new SegmentEntry[body.segments().length];
    long capacity = 0;
    for (int i = 0; i < lies.length; i++) {
      lies[i] = segments.known(client, body.segments()[i]);
      capacity += lies[i].segment.capacityBytes();
    }
    if (body.dataBytes() < 0 || body.dataBytes() > capacity) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected 0 to "
              + capacity
              + " bytes of data, got "
              + body.dataBytes()
              + " for "
              + log.describe());
    }
    BlobEntry[] needs = new BlobEntry[body.blobs().length];
    for (int i = 0; i < needs.length; i++) {
      needs[i] = blobs.leased(client, body.blobs()[i]);
    }
    log.publish(body, lies, needs);
  }

  void drop(StreamLog log, String by) {
    remove(log, log.describe() + " was dropped by " + by);
    log.drop(by);
  }

  void removeIfDrained(StreamLog log) {
    if (log.isDrained() && streams.get(log.id) == log) {
      remove(log, log.outcome());
    }
  }

  private void remove(StreamLog log, String outcome) {
    streams.remove(log.id);
    names.dropAllOf(log.id);
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
    for (StreamLog log : client.writers.values()) {
      log.end(
          State.FAILED,
          ErrorCode.WRITER_LOST.number(),
          "writer " + client + " of " + log.describe() + " was lost before it finished");
    }
    client.writers.clear();
  }

  /** Delivers what was held back while too much waited for a client. */
  void resume(AttachedClient client) {
    new ArrayList<>(client.readers.values()).forEach(cursor -> cursor.log.resume(cursor));
  }

  void countLeases(int change) {
    leases += change;
  }

  long leases() {
    return leases;
  }
}
