package io.vineyard.store.attach;

import io.vineyard.store.Blob;
import io.vineyard.store.BlobWriter;
import io.vineyard.store.ChunkReader;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.StoredObject;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.attach.Requests.Kind;
import io.vineyard.store.memory.MemoryThreads;
import io.vineyard.store.memory.Tracking;
import io.vineyard.store.message.BlobLocation;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** An object store over a link. */
public final class AttachedStore implements ObjectStore {
  private static final long FIRST_BLOB_SEGMENT_BYTES = 1 << 20;

  private final Link link;
  private final Scheduler scheduler = Schedulers.parallel();
  private final Requests requests;
  private final SegmentCache segments;
  private final SegmentPool blobPool;
  private final SegmentPool streamPool;
  private final Map<Long, WriterEnd> writers = new ConcurrentHashMap<>();
  private final Map<Long, ReaderEnd> readers = new ConcurrentHashMap<>();
  private final Map<Long, SharedRing> rings = new ConcurrentHashMap<>();
  private final AtomicReference<@Nullable VineyardException> over = new AtomicReference<>();
  private final Sinks.Empty<Void> closed = Sinks.empty();

  private AttachedStore(Link link, long segmentBytes) {
    this.link = link;
    this.requests = new Requests(link, scheduler);
    this.segments = new SegmentCache(MemoryThreads.executor());
    long first = Math.min(FIRST_BLOB_SEGMENT_BYTES, segmentBytes);
    SegmentPool.Events events = new SegmentPool.Events(this::memoryChanged, this::memoryIsShort);
    this.blobPool = new SegmentPool(this, first, segmentBytes, requests::nextNumber, events);
    this.streamPool =
        new SegmentPool(this, segmentBytes, segmentBytes, requests::nextNumber, events);
  }

  /**
   * Makes the store at the end of a link, and starts the link.
   *
   * @param segmentBytes the usual capacity of the store's segments
   */
  public static ObjectStore attach(Link link, long segmentBytes) {
    AttachedStore store = new AttachedStore(link, segmentBytes);
    if (Tracking.isOn()) {
      Tracking.taken(store, store, link.describe(), null);
    }
    link.start(new StoreEvents(store));
    return store;
  }

  Link link() {
    return link;
  }

  SegmentCache segments() {
    return segments;
  }

  Requests requests() {
    return requests;
  }

  SegmentPool blobPool() {
    return blobPool;
  }

  SegmentPool streamPool() {
    return streamPool;
  }

  SharedMemory streamMemory() {
    return streamPool;
  }

  @Nullable WriterEnd writer(long handle) {
    return writers.get(handle);
  }

  @Nullable ReaderEnd reader(long handle) {
    return readers.get(handle);
  }

  @Nullable MappedSegment findWritable(long address, long sizeBytes) {
    MappedSegment found = streamPool.find(address, sizeBytes);
    return found != null ? found : blobPool.find(address, sizeBytes);
  }

  Scheduler timer() {
    return scheduler;
  }

  private void memoryChanged() {
    writers.values().forEach(WriterEnd::room);
  }

  /** Memory is short: what readers have released comes back at once, the rest when it is. */
  private boolean memoryIsShort() {
    boolean some = false;
    for (WriterEnd writer : writers.values()) {
      some |= writer.awaitRelease();
    }
    return some;
  }

  /** A segment was mapped, for which chunks of some reader may wait. */
  void segmentMapped() {
    readers.values().forEach(ReaderEnd::woken);
  }

  void streamWriterEnded() {
    streamPool.removeUser();
  }

  void drained(WriterEnd writer) {
    writers.remove(writer.handle());
  }

  void closed(ReaderEnd reader) {
    readers.remove(reader.handle());
  }

  @Override
  public Mono<BlobWriter> createBlob(long sizeBytes) {
    return Handover.mono(scheduler, handover -> createBlob(sizeBytes, handover), BlobWriter::abort);
  }

  private void createBlob(long sizeBytes, Handover<BlobWriter> handover) {
    Object place = Tracking.here();
    VineyardException reason = over.get();
    if (reason != null) {
      handover.fail(reason);
    } else if (sizeBytes == 0) {
      handover.complete(new MappedBlobWriter(null).tracked(link.describe(), place));
    } else {
      blobPool
          .allocateLater(sizeBytes)
          .whenComplete(
              (memory, error) -> {
                if (error == null) {
                  handover.complete(
                      new MappedBlobWriter(new PoolAllocation.OfBlob(this, memory))
                          .tracked(link.describe(), place));
                } else {
                  handover.fail(error);
                }
              });
    }
  }

  Mono<ObjectId> sealBlob(PoolAllocation memory) {
    memory.seal();
    Mono<ObjectId> sealed =
        ask(
            number ->
                new Command.SealBlob(
                    number, memory.segmentId(), memory.offset(), Math.max(1, memory.sizeBytes())),
            event -> new ObjectId(((Event.Done) event).value()));
    Mono<ObjectId> once = sealed.cache();
    once.subscribe(id -> {}, error -> memory.unseal());
    return once;
  }

  @Override
  public Mono<Blob> getBlob(ObjectId id) {
    if (!id.isBlob()) {
      return Mono.error(
          () ->
              VineyardException.of(
                  ErrorCode.OBJECT_TYPE_ERROR, "expected the id of a blob, got " + id));
    }
    return get(id).map(object -> object.blob(id));
  }

  @Override
  public Mono<ObjectMeta> createObject(ObjectMeta meta) {
    Objects.requireNonNull(meta, "meta");
    return ask(
        number -> new Command.CreateObject(number, meta),
        event -> ((Event.Objects) event).metas().get(0));
  }

  @Override
  public Mono<ObjectMeta> getMeta(ObjectId id) {
    return ask(
        number -> new Command.GetObject(number, id.value(), false),
        event -> ((Event.Objects) event).metas().get(0));
  }

  @Override
  public Mono<StoredObject> get(ObjectId id) {
    return Mono.defer(() -> get(id, LeasedBlobs.Asked.here()));
  }

  private Mono<StoredObject> get(ObjectId id, LeasedBlobs.Asked asked) {
    return requests.ask(
        new Kind<>(
            number -> new Command.GetObject(number, id.value(), true),
            (event, handover) -> leasing((Event.Objects) event).openLater(asked, handover),
            StoredObject::close));
  }

  private Leasing leasing(Event.Objects event) {
    List<BlobLocation> blobs = event.blobs();
    long[] ids = blobs.stream().mapToLong(BlobLocation::segment).toArray();
    MappedSegment[] retained = segments.retain(ids);
    if (retained == null) {
      throw SegmentCache.gone();
    }
    return new Leasing(link, event.metas().get(0), blobs, retained);
  }

  @Override
  public Flux<ObjectMeta> list(String typePattern, int limit) {
    Mono<List<ObjectMeta>> found =
        ask(
            number -> new Command.ListObjects(number, typePattern, limit),
            event -> ((Event.Objects) event).metas());
    return found.flatMapIterable(metas -> metas);
  }

  @Override
  public Mono<Void> delete(ObjectId id) {
    return done(number -> new Command.DeleteObject(number, id.value()));
  }

  @Override
  public Mono<Void> persist(ObjectId id) {
    return done(number -> new Command.Persist(number, id.value()));
  }

  @Override
  public Mono<Void> putName(ObjectId id, String name) {
    return done(number -> new Command.PutName(number, id.value(), name));
  }

  @Override
  public Mono<ObjectId> getName(String name, Duration wait) {
    boolean waits = !wait.isZero() && !wait.isNegative();
    Mono<ObjectId> found =
        ask(
            number -> new Command.GetName(number, name, waits),
            event -> new ObjectId(((Event.Done) event).value()));
    if (!waits) {
      return found;
    }
    return found.timeout(
        wait,
        Mono.error(
            () ->
                VineyardException.of(
                    ErrorCode.TIMEOUT,
                    "expected the name \"" + name + "\" within " + wait + ", it did not come")),
        scheduler);
  }

  @Override
  public Mono<Boolean> dropName(String name) {
    return ask(
        number -> new Command.DropName(number, name), event -> ((Event.Done) event).value() != 0);
  }

  @Override
  public Mono<StreamInfo> createStream(StreamSpec spec) {
    Objects.requireNonNull(spec, "spec");
    return ask(
        number -> new Command.CreateStream(number, spec), event -> ((Event.Stream) event).info());
  }

  @Override
  public Mono<StreamInfo> getStream(ObjectId id) {
    return ask(
        number -> new Command.GetStream(number, id.value()),
        event -> ((Event.Stream) event).info());
  }

  @Override
  public Mono<ChunkWriter> openWriter(ObjectId id) {
    return Mono.defer(
        () -> {
          Object place = Tracking.here();
          return requests.<ChunkWriter>ask(
              new Kind<>(
                  number -> new Command.OpenWriter(number, id.value()),
                  (event, handover) -> openedWriter((Event.Stream) event, place, handover),
                  ChunkWriter::close));
        });
  }

  private void openedWriter(
      Event.Stream event, @Nullable Object place, Handover<ChunkWriter> handover) {
    WriterEnd writer = openedWriter(event);
    if (Tracking.isOn()) {
      Tracking.taken(writer, writer, link.describe(), place);
    }
    // A store without memory to spare has writers that wait for it.
    streamPool.ready().whenComplete((ready, error) -> handover.complete(writer));
  }

  private WriterEnd openedWriter(Event.Stream event) {
    long handle = event.request();
    SharedRing ring = takeRing(handle);
    try {
      WriterEnd writer = new WriterEnd(this, handle, event.info(), ring);
      streamPool.addUser();
      writers.put(handle, writer);
      VineyardException reason = over.get();
      if (reason != null) {
        // This client was closed by another thread, which may not have seen the writer.
        writer.lost(reason);
      }
      return writer;
    } catch (VineyardException e) {
      link.send(new Command.EndStream(handle, e.code().number(), String.valueOf(e.getMessage())));
      link.send(new Command.CloseWriter(handle));
      ring.memory().release();
      throw e;
    }
  }

  /** Takes the ring of an end that is being opened; on the link's thread. */
  void putRing(long handle, SharedRing ring) {
    rings.put(handle, ring);
    if (over.get() != null) {
      dropRing(handle);
    }
  }

  private void dropRing(long handle) {
    SharedRing unused = rings.remove(handle);
    if (unused != null) {
      unused.memory().release();
    }
  }

  /** Returns the ring that the store has sent for a new end. */
  SharedRing takeRing(long handle) {
    SharedRing ring = rings.remove(handle);
    if (ring == null) {
      VineyardException reason = over.get();
      if (reason != null) {
        throw reason; // another thread has closed this client, and dropped its rings
      }
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR, "expected a ring before the end of a stream, got none");
    }
    return ring;
  }

  @Override
  public Mono<ChunkReader> openReader(ObjectId id, Runnable onAvailable) {
    Objects.requireNonNull(onAvailable, "onAvailable");
    return Mono.defer(
        () -> {
          ReaderEnd.Opening opening =
              new ReaderEnd.Opening(this, onAvailable, CallSite.find(), Tracking.here());
          return requests.<ChunkReader>ask(
              new Kind<>(
                  number -> new Command.OpenReader(number, id.value()),
                  (event, handover) -> handover.complete(opening.opened((Event.Stream) event)),
                  ChunkReader::close));
        });
  }

  void register(ReaderEnd reader) {
    readers.put(reader.handle(), reader);
    VineyardException reason = over.get();
    if (reason != null) {
      // As for a writer.
      reader.end(reason);
      reader.close();
    }
  }

  @Override
  public Mono<StoreStatus> status() {
    return ask(Command.GetStatus::new, event -> ((Event.Status) event).status());
  }

  @Override
  public Mono<ObjectStore> fork() {
    return Mono.defer(
        () -> {
          VineyardException reason = over.get();
          return reason == null ? link.fork() : Mono.error(reason);
        });
  }

  @Override
  public boolean isClosed() {
    return over.get() != null;
  }

  @Override
  public Mono<Void> onClose() {
    return closed.asMono().publishOn(scheduler);
  }

  @Override
  public void close() {
    VineyardException reason =
        VineyardException.of(
            ErrorCode.STORE_LOST, "this client of " + link.describe() + " was closed");
    if (over.compareAndSet(null, reason)) {
      Tracking.returned(this);
      link.close();
      end(reason);
      readers.values().forEach(ReaderEnd::close);
      closed.tryEmitEmpty();
      link.awaitSent();
    }
  }

  void lost(VineyardException reason) {
    VineyardException lost =
        reason.code() == ErrorCode.STORE_LOST
            ? reason
            : VineyardException.of(
                ErrorCode.STORE_LOST,
                "lost " + link.describe() + ": " + reason.getMessage(),
                reason);
    if (over.compareAndSet(null, lost)) {
      Tracking.returned(this);
      end(lost);
      closed.tryEmitError(lost);
    }
  }

  private void end(VineyardException reason) {
    requests.close(reason);
    blobPool.close(reason);
    streamPool.close(reason);
    writers.values().forEach(writer -> writer.lost(reason));
    readers.values().forEach(reader -> reader.end(reason));
    List.copyOf(rings.keySet()).forEach(this::dropRing);
    segments.close();
  }

  private Mono<Void> done(LongFunction<Command> command) {
    return ask(command, event -> true).then();
  }

  private <T> Mono<T> ask(LongFunction<Command> command, Function<Event, T> value) {
    return requests.ask(
        new Kind<>(command, (event, handover) -> handover.complete(value.apply(event)), null));
  }

  @Override
  public String toString() {
    return "client of " + link.describe();
  }
}
