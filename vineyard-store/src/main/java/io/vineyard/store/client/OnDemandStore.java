package io.vineyard.store.client;

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
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** A store that attaches when it is used, and again after it was lost. */
final class OnDemandStore implements ObjectStore {
  private final Mono<ObjectStore> attached;
  private final Sinks.Empty<Void> onClose = Sinks.empty();

  // Guarded by this.
  private @Nullable ObjectStore current;
  private boolean closed;

  /**
   * Makes a store.
   *
   * @param connecting attaches a new client each time it is subscribed
   */
  OnDemandStore(Mono<ObjectStore> connecting) {
    Mono<ObjectStore> shared = connecting.map(this::adopt).cacheInvalidateIf(ObjectStore::isClosed);
    this.attached = Mono.defer(() -> isClosed() ? Mono.error(closedError()) : shared);
  }

  @Override
  public synchronized boolean isClosed() {
    return closed;
  }

  private static VineyardException closedError() {
    return VineyardException.of(ErrorCode.STORE_LOST, "expected an open store, it was closed");
  }

  private ObjectStore adopt(ObjectStore store) {
    ObjectStore before;
    synchronized (this) {
      before = closed ? store : current;
      if (!closed) {
        current = store;
      }
    }
    if (before != null) {
      before.close(); // nobody waited for it any more
    }
    if (before == store) {
      throw closedError();
    }
    return store;
  }

  @Override
  public Mono<BlobWriter> createBlob(long sizeBytes) {
    return attached.flatMap(store -> store.createBlob(sizeBytes));
  }

  @Override
  public Mono<Blob> getBlob(ObjectId id) {
    return attached.flatMap(store -> store.getBlob(id));
  }

  @Override
  public Mono<ObjectMeta> createObject(ObjectMeta meta) {
    return attached.flatMap(store -> store.createObject(meta));
  }

  @Override
  public Mono<ObjectMeta> getMeta(ObjectId id) {
    return attached.flatMap(store -> store.getMeta(id));
  }

  @Override
  public Mono<StoredObject> get(ObjectId id) {
    return attached.flatMap(store -> store.get(id));
  }

  @Override
  public Mono<ObjectId> put(Storable value) {
    return attached.flatMap(store -> store.put(value));
  }

  @Override
  public Flux<ObjectMeta> list(String typePattern, int limit) {
    return attached.flatMapMany(store -> store.list(typePattern, limit));
  }

  @Override
  public Mono<Void> delete(ObjectId id) {
    return attached.flatMap(store -> store.delete(id));
  }

  @Override
  public Mono<Void> persist(ObjectId id) {
    return attached.flatMap(store -> store.persist(id));
  }

  @Override
  public Mono<Void> putName(ObjectId id, String name) {
    return attached.flatMap(store -> store.putName(id, name));
  }

  @Override
  public Mono<ObjectId> getName(String name, Duration wait) {
    return attached.flatMap(store -> store.getName(name, wait));
  }

  @Override
  public Mono<Boolean> dropName(String name) {
    return attached.flatMap(store -> store.dropName(name));
  }

  @Override
  public Mono<StreamInfo> createStream(StreamSpec spec) {
    return attached.flatMap(store -> store.createStream(spec));
  }

  @Override
  public Mono<StreamInfo> getStream(ObjectId id) {
    return attached.flatMap(store -> store.getStream(id));
  }

  @Override
  public Mono<ChunkWriter> openWriter(ObjectId id) {
    return attached.flatMap(store -> store.openWriter(id));
  }

  @Override
  public Mono<ChunkReader> openReader(ObjectId id, Runnable onAvailable) {
    return attached.flatMap(store -> store.openReader(id, onAvailable));
  }

  @Override
  public Mono<StoreStatus> status() {
    return attached.flatMap(ObjectStore::status);
  }

  @Override
  public Mono<ObjectStore> fork() {
    return attached.flatMap(ObjectStore::fork);
  }

  @Override
  public Mono<Void> onClose() {
    return onClose.asMono();
  }

  @Override
  public void close() {
    ObjectStore last;
    synchronized (this) {
      closed = true;
      last = current;
      current = null;
    }
    if (last != null) {
      last.close();
    }
    onClose.tryEmitEmpty();
  }
}
