package io.vineyard.store.client.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.protocol.json.Request;
import java.util.concurrent.CompletableFuture;

/** What is asked about streams as a whole. */
final class StreamRequests {
  private final JsonConnection connection;
  private final ObjectRequests objects;
  private final NameRequests names;

  StreamRequests(JsonConnection connection, ObjectRequests objects, NameRequests names) {
    this.connection = connection;
    this.objects = objects;
    this.names = names;
  }

  /** Creates a stream; what it is made of goes if that fails. */
  CompletableFuture<StreamInfo> create(StreamSpec spec) {
    String name = spec.name();
    return name == null
        ? createNew(spec)
        : names
            .find(name)
            .handle((id, error) -> error == null ? taken(name) : Results.cause(error))
            .thenCompose(
                found ->
                    isMissing(found) ? createNew(spec) : CompletableFuture.failedFuture(found));
  }

  private static Throwable taken(String name) {
    return VineyardException.of(
        ErrorCode.OBJECT_EXISTS, "expected a name that is not taken, got \"" + name + "\"");
  }

  private static boolean isMissing(Throwable error) {
    return error instanceof VineyardException e && e.code() == ErrorCode.OBJECT_NOT_EXISTS;
  }

  private CompletableFuture<StreamInfo> createNew(StreamSpec spec) {
    return objects
        .create(StreamMeta.of(spec))
        .thenCompose(meta -> createBehind(meta.requireId(), spec));
  }

  private CompletableFuture<StreamInfo> createBehind(ObjectId id, StreamSpec spec) {
    String name = spec.name();
    CompletableFuture<Boolean> created =
        connection.ask(new Request.CreateStream(id), reply -> true);
    if (name != null) {
      created = created.thenCompose(done -> names.put(id, name));
    }
    return created
        .thenApply(done -> StreamMeta.info(id, spec, StreamInfo.State.OPEN))
        .whenComplete(
            (info, error) -> {
              if (error != null) {
                connection.ask(new Request.DropStream(id), reply -> true);
                objects.deleteData(id);
              }
            });
  }

  /** Returns what is known of a stream. */
  CompletableFuture<StreamInfo> find(ObjectId id) {
    return objects.raw(id).thenApply(StreamMeta::info);
  }
}
