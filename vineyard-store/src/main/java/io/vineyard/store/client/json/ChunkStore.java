package io.vineyard.store.client.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.vineyard.BlobSource;
import io.vineyard.store.protocol.json.Request;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/** Puts chunks into the server, on a thread that may wait for it. */
final class ChunkStore {
  private final RequestConnection connection;
  private final BlobRequests blobs;
  private final ObjectRequests objects;

  ChunkStore(RequestConnection connection, BlobRequests blobs, ObjectRequests objects) {
    this.connection = connection;
    this.blobs = blobs;
    this.objects = objects;
  }

  /** Stores a chunk and publishes it; nothing of it stays if that fails. */
  ObjectId publish(ObjectId stream, ChunkForms.Form form) {
    ObjectId chunk = store(form);
    try {
      boolean unused = join(connection.ask(new Request.PushChunk(stream, chunk), reply -> true));
    } catch (VineyardException e) {
      objects.deleteData(chunk);
      throw e;
    }
    return chunk;
  }

  private ObjectId store(ChunkForms.Form form) {
    List<ObjectId> ids = new ArrayList<>();
    Map<ObjectId, ObjectMeta> described = new HashMap<>();
    try {
      for (BlobSource source : form.blobs()) {
        ObjectId id = store(source);
        ids.add(id);
        described.put(id, ObjectMeta.blob(id, source.sizeBytes()));
      }
      Function<List<ObjectId>, ObjectMeta> object = form.object();
      if (object != null) {
        return join(objects.create(object.apply(ids), described)).requireId();
      }
      return ids.isEmpty() ? ObjectId.EMPTY_BLOB : ids.get(0);
    } catch (VineyardException e) {
      ids.forEach(objects::deleteData);
      throw e;
    }
  }

  private ObjectId store(BlobSource source) {
    BlobRequests.NewBlob blob = join(blobs.create(source.sizeBytes()));
    try {
      source.writeTo(blob.address());
    } catch (RuntimeException e) {
      blobs.drop(blob);
      throw e;
    }
    return join(blobs.sealNow(blob, false));
  }

  /** Waits for what is answered at once, or fails when the connection does. */
  private static <T> T join(CompletableFuture<T> result) {
    try {
      return result.join();
    } catch (CompletionException e) {
      Throwable cause = Results.cause(e);
      throw cause instanceof VineyardException known
          ? known
          : VineyardException.of(ErrorCode.UNKNOWN, String.valueOf(cause), cause);
    }
  }
}
