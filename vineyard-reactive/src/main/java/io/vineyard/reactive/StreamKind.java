package io.vineyard.reactive;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import java.time.Duration;
import java.util.Objects;
import java.util.function.BiFunction;
import reactor.core.publisher.Mono;

/**
 * A kind of stream: what its streams are called in a store, and how they are made.
 *
 * @param <S> the streams
 */
record StreamKind<S>(String typeName, BiFunction<ObjectStore, StreamInfo, S> make) {

  Mono<S> create(ObjectStore store, StreamSpec spec) {
    Objects.requireNonNull(store, "store");
    return store.createStream(spec.typeName(typeName)).map(info -> make.apply(store, info));
  }

  Mono<S> open(ObjectStore store, ObjectId id) {
    Objects.requireNonNull(store, "store");
    return store.getStream(id).map(info -> make.apply(store, checked(info)));
  }

  Mono<S> open(ObjectStore store, String name, Duration wait) {
    Objects.requireNonNull(store, "store");
    return store.getName(name, wait).flatMap(id -> open(store, id));
  }

  private StreamInfo checked(StreamInfo found) {
    if (!found.spec().typeName().equals(typeName)) {
      throw VineyardException.of(
          ErrorCode.OBJECT_TYPE_ERROR,
          "expected a " + typeName + ", stream " + found.id() + " is a " + found.spec());
    }
    return found;
  }
}
