package io.vineyard.store.client.json;

import io.vineyard.store.Blob;
import io.vineyard.store.BlobWriter;
import io.vineyard.store.ChunkReader;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.Storable;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.StoredObject;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.attach.LeasedBlobs;
import io.vineyard.store.attach.MappedBlobWriter;
import io.vineyard.store.memory.Tracking;
import io.vineyard.store.protocol.json.Reply;
import io.vineyard.store.protocol.json.Request;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/** A Vineyard server as an object store. */
public final class JsonStore implements ObjectStore {
  private static final Duration MOST_LEAVING = Duration.ofSeconds(5);
  private static final int NOT_TOLD = -1;

  private final String place;
  private final RequestConnection connection;
  private final Supplier<Mono<ObjectStore>> fork;
  private final Results results = new Results();
  private final Connections.ExtraConnections extras;
  private final Sharing.Holders holders;
  private final Sharing.References references;
  private final BlobRequests blobs;
  private final ObjectRequests objects;
  private final NameRequests names;
  private final StreamEnds ends;
  private final StreamRequests streams;
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicLong peakBytes = new AtomicLong();
  private final Sinks.Empty<Void> closed = Sinks.empty();

  private JsonStore(
      Registration.Place where,
      RequestConnection connection,
      long instance,
      Supplier<Mono<ObjectStore>> fork) {
    this.place = where.words();
    this.connection = connection;
    this.fork = fork;
    this.extras = new Connections.ExtraConnections(where);
    this.holders = new Sharing.Holders(connection::finish);
    this.references = new Sharing.References(connection, true);
    this.blobs = new BlobRequests(connection, results, references, holders);
    this.objects = new ObjectRequests(connection, instance, blobs, extras);
    this.names = new NameRequests(connection, objects, results);
    this.ends =
        new StreamEnds(
            new StreamEnds.Parts(connection, instance, blobs, objects, results, holders, extras));
    this.streams = new StreamRequests(connection, objects, names, ends, holders);
  }

  /**
   * Makes the store of a registered connection.
   *
   * @param fork makes one more client of the same server
   */
  public static ObjectStore attach(
      Registration.Place where,
      Registration registration,
      Reply.Registered registered,
      Supplier<Mono<ObjectStore>> fork) {
    JsonStore store = new JsonStore(where, registration.connection(), registered.instance(), fork);
    if (Tracking.isOn()) {
      Tracking.taken(store, store, where.words(), null);
    }
    registration.connection().ended().thenAccept(store::lost);
    return store;
  }

  @Override
  public Mono<BlobWriter> createBlob(long sizeBytes) {
    return Mono.defer(
        () -> {
          Object site = Tracking.here();
          return results.of(() -> createBlob(sizeBytes, site), BlobWriter::abort);
        });
  }

  private CompletableFuture<BlobWriter> createBlob(long sizeBytes, @Nullable Object site) {
    if (sizeBytes < 0) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected a size of at least 0 bytes, got " + sizeBytes);
    }
    CompletableFuture<BlobRequests.@Nullable NewBlob> created =
        sizeBytes == 0
            ? CompletableFuture.completedFuture(null)
            : blobs.create(sizeBytes).thenApply(blob -> blob);
    return created.thenApply(
        blob ->
            new MappedBlobWriter(blob == null ? null : new BlobRequests.Unsealed(blobs, blob))
                .tracked(place, site));
  }

  @Override
  public Mono<Blob> getBlob(ObjectId id) {
    if (!id.isBlob()) {
      return results.of(
          () -> {
            throw VineyardException.of(
                ErrorCode.OBJECT_TYPE_ERROR, "expected the id of a blob, got " + id);
          });
    }
    return get(id).map(object -> object.blob(id));
  }

  @Override
  public Mono<ObjectMeta> createObject(ObjectMeta meta) {
    Objects.requireNonNull(meta, "meta");
    return results.of(() -> objects.create(meta));
  }

  @Override
  public Mono<ObjectMeta> getMeta(ObjectId id) {
    return results.of(() -> objects.meta(id));
  }

  @Override
  public Mono<StoredObject> get(ObjectId id) {
    return Mono.defer(
        () -> {
          LeasedBlobs.Asked asked = LeasedBlobs.Asked.here();
          return results.of(
              () ->
                  objects
                      .lease(id)
                      .thenApply(
                          found ->
                              new LeasedBlobs(
                                  found.meta(),
                                  found.parts(),
                                  () -> found.giveBack(references),
                                  place,
                                  asked)),
              StoredObject::close);
        });
  }

  @Override
  public Mono<ObjectId> put(Storable value) {
    return value.storeInVineyard(this);
  }

  @Override
  public Flux<ObjectMeta> list(String typePattern, int limit) {
    return results.of(() -> objects.list(typePattern, limit)).flatMapIterable(metas -> metas);
  }

  @Override
  public Mono<Void> delete(ObjectId id) {
    return results
        .of(() -> objects.delete(id).whenComplete((deleted, error) -> deleted(id, error)))
        .then();
  }

  private void deleted(ObjectId id, @Nullable Throwable error) {
    if (error == null) {
      ends.dropped(id);
    }
  }

  @Override
  public Mono<Void> persist(ObjectId id) {
    return results.of(() -> objects.persist(id)).then();
  }

  @Override
  public Mono<Void> putName(ObjectId id, String name) {
    return results.of(() -> names.put(id, name)).then();
  }

  @Override
  public Mono<ObjectId> getName(String name, Duration wait) {
    boolean waits = !wait.isZero() && !wait.isNegative();
    return waits ? names.await(name, wait) : results.of(() -> names.find(name));
  }

  @Override
  public Mono<Boolean> dropName(String name) {
    return results.of(() -> names.drop(name));
  }

  @Override
  public Mono<StreamInfo> createStream(StreamSpec spec) {
    Objects.requireNonNull(spec, "spec");
    return results.of(() -> streams.create(spec));
  }

  @Override
  public Mono<StreamInfo> getStream(ObjectId id) {
    return results.of(() -> streams.find(id));
  }

  @Override
  public Mono<ChunkWriter> openWriter(ObjectId id) {
    return Mono.defer(
        () -> {
          Object site = Tracking.here();
          return results.<ChunkWriter>of(
              () -> streams.openWriter(id, site).thenApply(writer -> writer), ChunkWriter::close);
        });
  }

  @Override
  public Mono<ChunkReader> openReader(ObjectId id, Runnable onAvailable) {
    Objects.requireNonNull(onAvailable, "onAvailable");
    return Mono.defer(
        () -> {
          LeasedBlobs.Asked asked = LeasedBlobs.Asked.here();
          return results.<ChunkReader>of(
              () -> streams.openReader(id, onAvailable, asked).thenApply(reader -> reader),
              ChunkReader::close);
        });
  }

  @Override
  public Mono<StoreStatus> status() {
    return results.of(
        () -> connection.ask(new Request.InstanceStatus(), reply -> status((Reply.Status) reply)));
  }

  private StoreStatus status(Reply.Status status) {
    long used = status.memoryUsage();
    long peak = peakBytes.accumulateAndGet(used, Math::max);
    return new StoreStatus(
        status.memoryLimit(),
        used,
        peak,
        NOT_TOLD,
        (int) Math.min(status.ipcConnections(), Integer.MAX_VALUE),
        NOT_TOLD,
        NOT_TOLD,
        NOT_TOLD,
        NOT_TOLD);
  }

  @Override
  public Mono<ObjectStore> fork() {
    return Mono.defer(
        () -> {
          VineyardException reason = results.closed();
          return reason == null ? fork.get() : Mono.error(reason);
        });
  }

  @Override
  public boolean isClosed() {
    return over.get();
  }

  @Override
  public Mono<Void> onClose() {
    return closed.asMono().publishOn(Schedulers.parallel());
  }

  @Override
  public void close() {
    if (over.compareAndSet(false, true)) {
      VineyardException reason =
          VineyardException.of(ErrorCode.STORE_LOST, "this client of " + place + " was closed");
      Tracking.returned(this);
      results.close(reason);
      ends.leave(reason);
      holders.remove();
      closed.tryEmitEmpty();
      awaitEnd();
    }
  }

  /** What was asked before arrives even if this process ends now. */
  private void awaitEnd() {
    if (Schedulers.isInNonBlockingThread() || connection.isOnItsThread()) {
      return;
    }
    try {
      ends.left()
          .thenCompose(left -> connection.sent())
          .get(MOST_LEAVING.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      // it has taken too long, or there is nobody any more
    }
  }

  /** Also the end of a client that was closed, and has said everything. */
  private void lost(VineyardException reason) {
    boolean isFirst = over.compareAndSet(false, true);
    extras.close(reason);
    if (isFirst) {
      Tracking.returned(this);
      results.close(reason);
      ends.lost(reason);
      closed.tryEmitError(reason);
    }
  }

  @Override
  public String toString() {
    return "client of " + place;
  }
}
