package io.vineyard.store;

import java.time.Duration;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * An immutable object store in shared memory, as one attached client of it sees it.
 *
 * <p>There are three: embedded in this JVM, served by another process, and a Vineyard server. All
 * results are lazy: nothing happens before they are subscribed. They are signalled on a thread of
 * Reactor's parallel scheduler, never on a thread that the store needs for itself; cancelling one
 * withdraws the request, and whatever the store hands over in spite of that is released. Every
 * result fails with {@link StoreLostException} when the store is closed or lost. Thread-safe.
 */
public interface ObjectStore extends AutoCloseable {

  /**
   * Takes memory for a new blob. The caller seals or aborts it.
   *
   * <p>Fails with {@link ErrorCode#NOT_ENOUGH_MEMORY}, saying what was asked for and what is free,
   * or {@link ErrorCode#INVALID} for a size below 0.
   */
  Mono<BlobWriter> createBlob(long sizeBytes);

  /** Leases a sealed blob; the caller closes it. Fails with {@link ErrorCode#OBJECT_NOT_EXISTS}. */
  Mono<Blob> getBlob(ObjectId id);

  /**
   * Creates an object, and answers with its metadata as it is in the store, ids included.
   *
   * <p>Members without id are created as well; members with an id must exist, or it fails with
   * {@link ErrorCode#OBJECT_NOT_EXISTS}. A tree with all that it refers to is at most 64 deep, of
   * 65,536 objects and 4 MiB, or it fails with {@link ErrorCode#META_TREE_INVALID}. All or nothing.
   */
  Mono<ObjectMeta> createObject(ObjectMeta meta);

  /** Answers with the metadata of an object or blob. */
  Mono<ObjectMeta> getMeta(ObjectId id);

  /** Leases an object with all its blobs; the caller closes it. */
  Mono<StoredObject> get(ObjectId id);

  /**
   * Leases an object and opens it as a value, which the caller closes. Fails with {@link
   * ErrorCode#OBJECT_TYPE_ERROR} if the object is of another layout.
   */
  default <T> Mono<T> get(ObjectId id, Layout<T> layout) {
    return get(id).map(object -> Layouts.open(object, layout));
  }

  /** Stores a value; the value still belongs to the caller. */
  default Mono<ObjectId> put(Storable value) {
    return value.storeIn(this);
  }

  /**
   * Lists objects, streams included, in the order of their ids.
   *
   * @param typePattern the type name, in which {@code *} stands for any text
   * @param limit the most objects to list; with {@link ErrorCode#INVALID} it fails if it is below
   *     0, or if the list would take more than 4 MiB
   */
  Flux<ObjectMeta> list(String typePattern, int limit);

  /**
   * Deletes an object and all members that no other object has. What readers have leased stays
   * readable until they close it. Names of deleted objects are dropped. A stream is dropped.
   *
   * <p>Fails with {@link ErrorCode#OBJECT_NOT_EXISTS}, or with {@link ErrorCode#INVALID} if the
   * object is a member of another one.
   */
  Mono<Void> delete(ObjectId id);

  /** Marks an object and all its members as persistent: other instances may see them. */
  Mono<Void> persist(ObjectId id);

  /** Gives a name to an object or stream, taking it from whatever had it before. */
  Mono<Void> putName(ObjectId id, String name);

  /** Answers with what has a name; fails with {@link ErrorCode#OBJECT_NOT_EXISTS}. */
  default Mono<ObjectId> getName(String name) {
    return getName(name, Duration.ZERO);
  }

  /**
   * Answers with what has a name, once there is one. Fails with {@link ErrorCode#TIMEOUT} after the
   * wait, or with {@link ErrorCode#OBJECT_NOT_EXISTS} at once if the wait is zero.
   */
  Mono<ObjectId> getName(String name, Duration wait);

  /** Takes a name away; answers whether there was one. */
  Mono<Boolean> dropName(String name);

  /**
   * Creates a stream. Fails with {@link ErrorCode#OBJECT_EXISTS} if its name is taken.
   *
   * <p>A stream is removed when it has ended, its end has been seen by a reader and everything is
   * released, or when it is dropped by {@link #delete}.
   */
  Mono<StreamInfo> createStream(StreamSpec spec);

  /**
   * Answers with a stream as it is now. Fails with {@link ErrorCode#OBJECT_NOT_EXISTS}, with {@link
   * ErrorCode#STREAM_DRAINED} if it is over and gone, or with {@link ErrorCode#OBJECT_TYPE_ERROR}
   * if the id is that of something else.
   */
  Mono<StreamInfo> getStream(ObjectId id);

  /**
   * Opens the writing end of a stream; the caller closes it. Fails as {@link #getStream} does, with
   * {@link ErrorCode#STREAM_OPENED} if it has a writer, or with {@link
   * ErrorCode#INVALID_STREAM_STATE} if it was ended.
   */
  Mono<ChunkWriter> openWriter(ObjectId id);

  /**
   * Opens a reading end of a stream; the caller closes it. Fails as {@link #getStream} does, or
   * with {@link ErrorCode#STREAM_OPENED} if it has a reader.
   *
   * @param onAvailable told, often more than once, that a chunk or the end can be polled; run by a
   *     thread of the store's client that must not be blocked, and possibly before the result is
   *     signalled
   */
  Mono<ChunkReader> openReader(ObjectId id, Runnable onAvailable);

  /** Answers with the store as it is now. */
  Mono<StoreStatus> status();

  /** Attaches one more client to the same store; the caller closes it. */
  Mono<ObjectStore> fork();

  /**
   * Returns whether this client was closed or its store was lost, which is known here before any
   * call fails for it. It stays so.
   */
  boolean isClosed();

  /** Completes when this client is closed, or fails with {@link StoreLostException}. */
  Mono<Void> onClose();

  /**
   * Detaches this client: its writers' open streams fail, its readers leave. What was received
   * stays readable until it is closed. An embedded store ends with the last of its clients.
   *
   * <p>What was sent to another process before, the end of a stream for example, arrives even if
   * this process ends at once: the call waits until it has left, at most 5 seconds. It does not
   * wait on a thread of Reactor's that must not block.
   */
  @Override
  void close();
}
