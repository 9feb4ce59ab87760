package io.vineyard.reactive;

import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.arrow.ChunkCodec;
import io.vineyard.store.arrow.RecordBatch;
import java.time.Duration;
import reactor.core.publisher.Mono;

/** A stream of data frames: Arrow record batches that each have a schema of their own. */
public final class DataframeStream extends VineyardStream<RecordBatch> {
  private static final StreamKind<DataframeStream> KIND =
      new StreamKind<>(
          StreamSpec.DATAFRAMES,
          (store, info) -> new DataframeStream(store, info, WaitStrategy.park()));

  private DataframeStream(ObjectStore store, StreamInfo info, WaitStrategy waiting) {
    super(store, info, ChunkCodec.dataframes(), waiting);
  }

  /** Creates a nameless stream with the default window. */
  public static Mono<DataframeStream> create(ObjectStore store) {
    return create(store, StreamSpec.create());
  }

  /**
   * Creates a stream; its kind is this one, whatever the spec says.
   *
   * <p>Lazy. Fails with {@link io.vineyard.store.ErrorCode#OBJECT_EXISTS} if the name is taken.
   */
  public static Mono<DataframeStream> create(ObjectStore store, StreamSpec spec) {
    return KIND.create(store, spec);
  }

  /**
   * Opens a stream by its id.
   *
   * <p>Lazy. Fails with {@link io.vineyard.store.ErrorCode#OBJECT_TYPE_ERROR} if it is a stream of
   * another kind, or as {@link ObjectStore#getStream} does.
   */
  public static Mono<DataframeStream> open(ObjectStore store, ObjectId id) {
    return KIND.open(store, id);
  }

  /**
   * Opens a stream by its name.
   *
   * <p>Lazy. Fails as {@link #open(ObjectStore, ObjectId)} does, and with {@link
   * io.vineyard.store.ErrorCode#OBJECT_NOT_EXISTS} if there is no such name.
   */
  public static Mono<DataframeStream> open(ObjectStore store, String name) {
    return open(store, name, Duration.ZERO);
  }

  /**
   * Opens a stream by its name, as soon as there is one.
   *
   * <p>Lazy. Fails as {@link #open(ObjectStore, ObjectId)} does, and with {@link
   * io.vineyard.store.ErrorCode#TIMEOUT} after the wait.
   */
  public static Mono<DataframeStream> open(ObjectStore store, String name, Duration wait) {
    return KIND.open(store, name, wait);
  }

  @Override
  public DataframeStream waiting(WaitStrategy strategy) {
    return new DataframeStream(store(), opened(), strategy);
  }

  @Override
  Mono<RecordBatch> element(ObjectId object) {
    return store().get(object, RecordBatch.LAYOUT);
  }
}
