package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The tables, for the part of a server that does what clients of Vineyard's dialect can't do: cut
 * memory, and use rings. It is one more client of the store that nobody sees, and it is trusted.
 */
public final class Hosting {
  /**
   * A blob, and where it lies.
   *
   * @param segment the number of its segment
   * @param memory the segment, which still belongs to the store
   */
  public record Place(ObjectId blob, long segment, Segment memory, long offset, long sizeBytes) {}

  /** Takes an outcome: the value, or why there is none. */
  public interface Done {
    /** The failure is null if it went well. */
    void complete(@Nullable VineyardException failure);
  }

  /**
   * Segments that nothing lies in, kept by the one who has leased them until others need memory.
   */
  public interface Unused {
    /** Without any. */
    Unused NONE =
        new Unused() {
          @Override
          public long sizeBytes() {
            return 0;
          }

          @Override
          public boolean giveBack(long bytes) {
            return false;
          }
        };

    /** Returns how many bytes there are. */
    long sizeBytes();

    /** Gives so many bytes back, or as many as there are; says whether there were any. */
    boolean giveBack(long bytes);
  }

  private static final long MOST_REPLY_BYTES = 16 << 20;

  private final StoreCore store;
  private final AttachedClient host;

  Hosting(StoreCore store, AttachedClient host) {
    this.store = store;
    this.host = host;
  }

  /** Returns the bounds of the store. */
  public StoreLimits limits() {
    return store.limits();
  }

  // Segments.

  /** Returns how many bytes the segments of the store take. */
  public long usedBytes() {
    return store.segments.usedBytes();
  }

  /** Sets what goes when a segment is wanted that there is no memory for. */
  public void setUnused(Unused memory) {
    store.segments.unusedMemory = memory;
  }

  /** Has a task run whenever there is more memory than before. */
  public void onFreed(Runnable task) {
    store.segments.onFreed = task;
  }

  /** Returns whether the host was told of a segment, as readers are of those of a stream. */
  public boolean knowsSegment(long id) {
    SegmentEntry entry = store.segments.find(id);
    return entry != null && entry.knownTo.contains(host);
  }

  /** The same as {@link #segment}, and the host is told when the segment is closed. */
  public @Nullable Segment watchSegment(long id) {
    SegmentEntry entry = store.segments.find(id);
    if (entry == null) {
      return null;
    }
    entry.watcher = host;
    return entry.segment;
  }

  /** Returns an open segment, which still belongs to the store; null if there is none. */
  public @Nullable Segment segment(long id) {
    SegmentEntry entry = store.segments.find(id);
    return entry == null ? null : entry.segment;
  }

  /**
   * Takes a segment to cut memory from, for others to write in; answered by the events of {@link
   * Command.LeaseSegment}.
   */
  public void leaseSegment(long request, long leastBytes, long wantedBytes) {
    store.segments.lease(host, new Command.LeaseSegment(request, leastBytes, wantedBytes));
  }

  /** Lets others write in a segment that was leased. */
  public void open(long segment) {
    store.segments.written(host, segment).sealed = true;
  }

  /** Gives a segment back; it ends when nothing lies in it. */
  public void giveBack(long segment) {
    if (store.isClosed()) {
      return;
    }
    store.segments.giveBack(host, segment);
  }

  /** Returns whether anything lies in a segment. */
  public boolean isUsed(long segment) {
    SegmentEntry entry = store.segments.find(segment);
    return entry != null && entry.uses > 0;
  }

  /**
   * Keeps a segment and its pages, which count as free from now on; does nothing, as the answer
   * says, if anything lies in it.
   */
  public boolean setAside(long segment) {
    return !store.isClosed() && store.segments.setAside(store.segments.written(host, segment));
  }

  /**
   * Keeps a segment, and gives its pages back to the system; does nothing, as the answer says, if
   * anything lies in it or the system does not take them.
   */
  public boolean empty(long segment) {
    return !store.isClosed() && store.segments.empty(store.segments.written(host, segment));
  }

  /**
   * Takes a segment into use again: at once if it was set aside, else it gets new pages first, and
   * fails without memory for them.
   */
  public void refill(long segment, Done done) {
    store.segments.refill(store.segments.written(host, segment), done);
  }

  // Blobs.

  /** Checks that there may be one more blob. */
  public void checkBlob() {
    store.checkObjects(1);
  }

  /** Returns a new id of a blob. */
  public ObjectId nextBlob() {
    return new ObjectId(store.ids.nextBlob());
  }

  /**
   * Adds a sealed blob.
   *
   * @param onGone told when it is deleted and nobody reads it, so that its memory is free
   */
  public void addBlob(ObjectId id, long segment, long offset, long sizeBytes, Runnable onGone) {
    store.checkObjects(1);
    SegmentEntry entry = store.segments.find(segment);
    if (entry == null) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR, "expected an open segment, got segment " + segment);
    }
    store.blobs.add(new BlobEntry(id.value(), entry, offset, sizeBytes, onGone));
  }

  /** Returns a sealed blob with bytes, null if there is none of this id. */
  public @Nullable Place find(ObjectId id) {
    BlobEntry blob = store.blobs.find(id.value());
    return blob == null
        ? null
        : new Place(id, blob.segment.id, blob.segment.segment, blob.offset, blob.sizeBytes);
  }

  /** Keeps the memory of a blob, even if it is deleted. */
  public void retain(ObjectId id) {
    store.blobs.retain(store.blobs.require(id.value()));
  }

  /** Ends what {@link #retain} began. */
  public void release(ObjectId id) {
    if (store.isClosed()) {
      return;
    }
    store.blobs.release(id.value(), 1);
  }

  // Objects.

  /** Returns whether there is an object, blob or stream with this id. */
  public boolean exists(ObjectId id) {
    return store.objects.exists(id.value()) || store.streams.find(id.value()) != null;
  }

  /** Creates an object as {@link io.vineyard.store.ObjectStore#createObject} does. */
  public ObjectMeta create(ObjectMeta meta) {
    return store.objects.create(meta);
  }

  /** Returns the metadata of an object, blob or stream; null if there is none of this id. */
  public @Nullable ObjectMeta meta(ObjectId id) {
    if (store.objects.exists(id.value())) {
      return store.objects.meta(id.value());
    }
    StreamInfo stream = stream(id);
    return stream == null ? null : StreamMeta.of(stream);
  }

  /** Returns what adds up how much metadata takes, and throws if it is too much for a reply. */
  public LongConsumer replyCost() {
    return new ListCost(MOST_REPLY_BYTES);
  }

  /** Returns about how many bytes the metadata of an object takes. */
  public long metaBytes(ObjectId id) {
    return store.objects.treeBytes(id.value());
  }

  /** Returns the same of a tree that is shown instead of an object. */
  public static long metaBytes(ObjectMeta tree) {
    return MetaTree.bytesOf(tree);
  }

  /** Calls for the metadata of the first streams, objects and blobs of these types. */
  public void list(Predicate<String> types, int limit, Consumer<ObjectMeta> found) {
    List<ObjectMeta> all = new ArrayList<>();
    LongConsumer cost = replyCost();
    store.streams.list(types, limit, cost, all::add);
    all.removeIf(meta -> store.objects.exists(meta.requireId().value()));
    int left = limit - all.size();
    store.objects.list(types, left, cost, all::add);
    all.forEach(found);
  }

  /** Deletes objects and blobs; returns the blobs that went. */
  public List<ObjectId> delete(List<ObjectId> ids, boolean force, boolean deep) {
    if (store.isClosed()) {
      return List.of();
    }
    List<ObjectId> gone = new ArrayList<>();
    for (ObjectId id : ids) {
      StreamLog log = store.streams.find(id.value());
      if (log != null) {
        store.streams.drop(log, host.toString());
      }
    }
    store.objects.delete(ids, force, deep, blob -> gone.add(new ObjectId(blob)));
    return gone;
  }

  /** Deletes every object and blob; streams stay. */
  public void clear() {
    store.objects.clear();
  }

  /** Marks an object and its members as persistent. */
  public void persist(ObjectId id) {
    if (store.objects.exists(id.value())) {
      store.objects.persist(id.value());
    }
  }

  /** Replaces a field of text of an object. */
  public void setField(ObjectId id, String key, String value) {
    store.objects.setField(id.value(), key, value);
  }

  /** Has a task run whenever objects and blobs are created or named; for those who wait. */
  public void onCreated(Runnable task) {
    store.objects.onCreated = task;
    store.blobs.onSealed = task;
    store.names.onNamed = task;
  }

  /** Has somebody told of every object that goes, while it goes. */
  public void onRemoved(Consumer<ObjectId> task) {
    store.objects.onRemoved = id -> task.accept(new ObjectId(id));
  }

  // Names.

  /** Gives a name to what exists. */
  public void putName(ObjectId id, String name) {
    new CommandRules(store, host).checkNewName(name);
    store.names.put(name, id.value());
  }

  /** Returns a name of what has this id, null if it has none. */
  public @Nullable String nameOf(ObjectId id) {
    return store.names.nameOf(id.value());
  }

  /** Returns what has a name, null if nothing. */
  public @Nullable ObjectId findName(String name) {
    Long id = store.names.find(name);
    return id == null ? null : new ObjectId(id);
  }

  /** Takes a name away. */
  public void dropName(String name) {
    boolean unused = store.names.drop(name);
  }

  /**
   * Returns the names that are accepted and what has them, in their order; throws if they are too
   * much for a reply.
   */
  public Map<String, ObjectId> names(Predicate<String> accepted, int limit) {
    Map<String, ObjectId> names = store.names.list(accepted, limit);
    LongConsumer cost = replyCost();
    names.keySet().forEach(name -> cost.accept(MetaTree.nameBytes(name)));
    return names;
  }

  // Streams.

  /** Makes a stream with this id. */
  public void createStream(ObjectId id, StreamSpec spec, Done done) {
    store.streams.create(
        id.value(),
        spec,
        new StreamTable.Done() {
          @Override
          public void created(StreamLog log) {
            done.complete(null);
          }

          @Override
          public void failed(VineyardException reason) {
            done.complete(reason);
          }
        });
  }

  /** Returns a stream as it is now, null if there is none. */
  public @Nullable StreamInfo stream(ObjectId id) {
    StreamLog log = store.streams.find(id.value());
    return log == null ? null : log.info();
  }

  /**
   * Opens the writing end of a stream; its ring comes by an event.
   *
   * @throws VineyardException as {@link io.vineyard.store.ObjectStore#openWriter} fails
   */
  public void openWriter(ObjectId id, long handle) {
    store.streams.require(id.value()).openWriter(host, handle);
  }

  /** The same for a reading end. */
  public void openReader(ObjectId id, long handle) {
    StreamLog log = store.streams.require(id.value());
    log.openReader(host, handle);
    log.welcome(store.streams.read(host, handle));
  }

  /** The host is about to publish chunks that lie in a segment. */
  public void useSegment(long handle, long segment) {
    if (store.isClosed()) {
      return;
    }
    SegmentEntry entry = store.segments.find(segment);
    if (entry != null) {
      store.streams.written(host, handle).use(entry);
    }
  }

  /** Keeps a segment open while something that is no blob lies in it. */
  public void retainSegment(long segment) {
    if (store.isClosed()) {
      return;
    }
    SegmentEntry entry = store.segments.find(segment);
    if (entry != null) {
      store.segments.use(entry);
    }
  }

  /** Ends what {@link #retainSegment} began. */
  public void releaseSegment(long segment) {
    if (store.isClosed()) {
      return;
    }
    SegmentEntry entry = store.segments.find(segment);
    if (entry != null) {
      store.segments.endUse(entry);
    }
  }

  /** Wakes the reader of a stream that the host writes. */
  public void wakeReader(long handle) {
    if (store.isClosed()) {
      return;
    }
    store.streams.written(host, handle).wakeReader();
  }

  /** Wakes the writer of a stream that the host reads. */
  public void wakeWriter(long handle) {
    if (store.isClosed()) {
      return;
    }
    store.streams.read(host, handle).log.wakeWriter();
  }

  /** Ends a stream that the host writes: well if the code is 0, else with an error. */
  public void endStream(long handle, int code, String message) {
    if (store.isClosed()) {
      return;
    }
    StreamInfo.State last = code == 0 ? StreamInfo.State.FINISHED : StreamInfo.State.FAILED;
    store.streams.written(host, handle).end(last, code, message);
  }

  /** Everything that the host published was taken back, and it does not use the ring any more. */
  public void closeWriter(long handle) {
    if (store.isClosed()) {
      return;
    }
    StreamLog log = host.writers.remove(handle);
    if (log != null) {
      log.closeWriter();
    }
  }

  /**
   * The host leaves a stream that it reads. Unless it is settled it still has leases, and uses the
   * ring until {@link #settleReader}.
   */
  public void closeReader(long handle, boolean settled) {
    ReaderCursor cursor = store.isClosed() ? null : host.readers.get(handle);
    if (cursor != null) {
      cursor.log.closeReader(cursor, settled);
    }
  }

  /** The host has released everything of a stream that it has left, and leaves the ring. */
  public void settleReader(long handle) {
    ReaderCursor cursor = store.isClosed() ? null : host.readers.get(handle);
    if (cursor != null) {
      cursor.log.settled(cursor);
    }
  }

  /** Has somebody told of every stream that was dropped, by whomever. */
  public void onDropped(Consumer<ObjectId> task) {
    store.streams.onDropped = id -> task.accept(new ObjectId(id));
  }

  /** Drops a stream; does nothing if there is none. */
  public void dropStream(ObjectId id) {
    if (store.isClosed()) {
      return;
    }
    StreamLog log = store.streams.find(id.value());
    if (log != null) {
      store.streams.drop(log, host.toString());
    }
  }

  /** Returns whether a stream was read to its end, and is gone. */
  public boolean isDrained(ObjectId id) {
    return store.streams.isDrained(id.value());
  }
}
