package io.vineyard.store.client.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.attach.LeasedBlobs;
import io.vineyard.store.memory.Tracking;
import io.vineyard.store.protocol.json.Reply;
import io.vineyard.store.protocol.json.Request;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What is asked about streams as a whole. */
final class StreamRequests {
  private static final int READ = 1;
  private static final int WRITE = 2;

  private final RequestConnection connection;
  private final ObjectRequests objects;
  private final NameRequests names;
  private final StreamEnds ends;
  private final Sharing.Holders holders;

  /**
   * Makes requests.
   *
   * @param holders keep the connection open until what was opened can be closed
   */
  StreamRequests(
      RequestConnection connection,
      ObjectRequests objects,
      NameRequests names,
      StreamEnds ends,
      Sharing.Holders holders) {
    this.connection = connection;
    this.ends = ends;
    this.holders = holders;
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

  CompletableFuture<JsonWriter> openWriter(ObjectId id, @Nullable Object site) {
    holders.add();
    return find(id)
        .thenCompose(this::openForWriting)
        .thenApply(writer -> tracked(writer, site))
        .whenComplete((writer, error) -> holders.remove());
  }

  private CompletableFuture<JsonWriter> openForWriting(StreamInfo stream) {
    if (stream.state() != StreamInfo.State.OPEN) {
      throw VineyardException.of(
          ErrorCode.INVALID_STREAM_STATE,
          "expected an open stream, " + stream.describe() + " has ended");
    }
    return open(connection, stream, WRITE)
        .thenCompose(
            opened ->
                connection.ask(
                    new Request.InstanceStatus(), reply -> ((Reply.Status) reply).memoryLimit()))
        .thenApply(capacity -> ends.add(new JsonWriter(ends, stream, capacity)));
  }

  private <T> T tracked(T end, @Nullable Object site) {
    if (Tracking.isOn()) {
      Tracking.taken(end, end, connection.place(), site);
    }
    return end;
  }

  CompletableFuture<JsonReader> openReader(
      ObjectId id, Runnable onAvailable, LeasedBlobs.Asked asked) {
    holders.add();
    return find(id)
        .thenCompose(stream -> openForReading(stream, onAvailable, asked))
        .thenApply(reader -> tracked(reader, asked.place()))
        .whenComplete((reader, error) -> holders.remove());
  }

  private CompletableFuture<JsonReader> openForReading(
      StreamInfo stream, Runnable onAvailable, LeasedBlobs.Asked asked) {
    RequestConnection own = ends.openConnection();
    return open(own, stream, READ)
        .thenApply(
            opened -> ends.add(new JsonReader(ends, stream, own, onAvailable, asked)).started())
        .whenComplete(
            (reader, error) -> {
              if (error != null) {
                ends.close(own);
              }
            });
  }

  private static CompletableFuture<Boolean> open(
      RequestConnection connection, StreamInfo stream, int mode) {
    return connection
        .ask(new Request.OpenStream(stream.id(), mode), reply -> true)
        .exceptionallyCompose(
            error -> CompletableFuture.failedFuture(notOpened(stream, Results.cause(error))));
  }

  private static Throwable notOpened(StreamInfo stream, Throwable cause) {
    if (cause instanceof VineyardException e && e.code() == ErrorCode.STREAM_OPENED) {
      return VineyardException.of(
          e.code(), stream.describe() + " was opened before, which is possible once", cause);
    }
    if (cause instanceof VineyardException e && e.code() == ErrorCode.OBJECT_NOT_EXISTS) {
      return VineyardException.of(
          ErrorCode.STREAM_DRAINED, stream.describe() + " is over and gone", cause);
    }
    return cause;
  }
}
