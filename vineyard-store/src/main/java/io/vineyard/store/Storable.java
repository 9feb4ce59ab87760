package io.vineyard.store;

import reactor.core.publisher.Mono;

/** A value that knows how to become an object of a store. */
@FunctionalInterface
public interface Storable {
  /**
   * Writes the value into a store as blobs and metadata, and returns the id of the new object.
   *
   * <p>Lazy: nothing is written before the result is subscribed. The value still belongs to the
   * caller. When it fails, nothing stays in the store.
   */
  Mono<ObjectId> storeIn(ObjectStore store);

  /**
   * Writes the value in the form that Vineyard's own clients read, for a store that is a Vineyard
   * server; in any form if it has none of these.
   *
   * <p>Fails with {@link ErrorCode#UNSUPPORTED} if Vineyard's form can't hold the value.
   */
  default Mono<ObjectId> storeInVineyard(ObjectStore store) {
    return storeIn(store);
  }
}
