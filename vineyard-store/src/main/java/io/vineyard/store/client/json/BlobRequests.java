package io.vineyard.store.client.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import io.vineyard.store.attach.MappedBlobWriter;
import io.vineyard.store.protocol.json.Payload;
import io.vineyard.store.protocol.json.Reply;
import io.vineyard.store.protocol.json.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import reactor.core.publisher.Mono;

/** What is asked about blobs. */
final class BlobRequests {
  /** A blob that may be written; holds a reference to its file until it is sealed or dropped. */
  record NewBlob(ObjectId id, long address, long sizeBytes, Sharing.SharedFile file) {}

  /** A blob that its user writes. */
  record Unsealed(BlobRequests requests, NewBlob blob) implements MappedBlobWriter.Memory {
    @Override
    public long address() {
      return blob.address;
    }

    @Override
    public long sizeBytes() {
      return blob.sizeBytes;
    }

    @Override
    public Mono<ObjectId> seal() {
      return requests.seal(blob);
    }

    @Override
    public void free() {
      requests.drop(blob);
    }
  }

  private final RequestConnection connection;
  private final Results results;
  private final Sharing.References references;
  private final Sharing.Holders holders;

  /**
   * Makes requests.
   *
   * @param holders keep the connection open as long as a blob can be written: its memory would not
   *     be given back otherwise
   */
  BlobRequests(
      RequestConnection connection,
      Results results,
      Sharing.References references,
      Sharing.Holders holders) {
    this.connection = connection;
    this.results = results;
    this.references = references;
    this.holders = holders;
  }

  /** Takes memory, more than 0 bytes. */
  CompletableFuture<NewBlob> create(long sizeBytes) {
    holders.add();
    CompletableFuture<NewBlob> created =
        connection.ask(
            new Request.CreateBuffer(sizeBytes),
            reply -> created(((Reply.BufferCreated) reply).blob(), sizeBytes));
    return created
        .whenComplete(
            (blob, error) -> {
              if (error != null) {
                holders.remove();
              }
            })
        .handle(
            (blob, error) ->
                error == null ? CompletableFuture.completedFuture(blob) : refused(sizeBytes, error))
        .thenCompose(result -> result);
  }

  private NewBlob created(Payload blob, long sizeBytes) {
    if (blob.sizeBytes() != sizeBytes) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected a blob of " + sizeBytes + " bytes, got " + blob.sizeBytes());
    }
    Sharing.SharedFile file = connection.files().of(blob);
    long address = file.retainWritable(blob.offset(), sizeBytes);
    return new NewBlob(blob.blob(), address, sizeBytes, file);
  }

  private CompletableFuture<NewBlob> refused(long sizeBytes, Throwable error) {
    Throwable cause = Results.cause(error);
    if (!(cause instanceof VineyardException refusal)
        || refusal.code() != ErrorCode.NOT_ENOUGH_MEMORY) {
      return CompletableFuture.failedFuture(cause);
    }
    return connection.ask(
        new Request.InstanceStatus(),
        reply -> {
          Reply.Status status = (Reply.Status) reply;
          throw VineyardException.of(
              ErrorCode.NOT_ENOUGH_MEMORY,
              "asked for "
                  + sizeBytes
                  + " bytes, "
                  + (status.memoryLimit() - status.memoryUsage())
                  + " of "
                  + status.memoryLimit()
                  + " bytes are free at "
                  + connection.place(),
              refusal);
        });
  }

  /** Seals a blob now; the result is for its user. */
  private Mono<ObjectId> seal(NewBlob blob) {
    VineyardException reason = results.closed();
    if (reason != null) {
      drop(blob);
      return Mono.error(reason);
    }
    CompletableFuture<ObjectId> sealed = sealNow(blob, true);
    return results.of(() -> sealed);
  }

  /**
   * Seals a blob.
   *
   * @param mayMove whether the server may move it out of memory as long as nobody else has it
   */
  CompletableFuture<ObjectId> sealNow(NewBlob blob, boolean mayMove) {
    // Whoever seals a blob has it as if it had been got.
    List<ObjectId> id = List.of(blob.id);
    if (mayMove) {
      references.add(id);
    }
    return connection
        .ask(new Request.Seal(blob.id), reply -> blob.id)
        .whenComplete(
            (ignored, error) -> {
              blob.file.release();
              if (mayMove) {
                references.remove(id);
              }
              holders.remove();
            });
  }

  /** Gives the memory of an unsealed blob back. */
  void drop(NewBlob blob) {
    connection
        .ask(new Request.DropBuffer(blob.id), reply -> true)
        .whenComplete(
            (dropped, error) -> {
              blob.file.release();
              holders.remove();
            });
  }

  /** Leases blobs, each once; fails if one of them is not there. */
  CompletableFuture<List<Sharing.BlobLease>> lease(List<ObjectId> ids) {
    if (ids.isEmpty()) {
      return CompletableFuture.completedFuture(List.of());
    }
    references.add(ids);
    return connection
        .ask(new Request.GetBuffers(ids, false), reply -> leases(ids, (Reply.Buffers) reply))
        .whenComplete(
            (leases, error) -> {
              if (error != null) {
                references.remove(ids);
              }
            });
  }

  private List<Sharing.BlobLease> leases(List<ObjectId> ids, Reply.Buffers reply) {
    List<Sharing.BlobLease> found = new ArrayList<>(ids.size());
    try {
      for (Payload blob : reply.blobs()) {
        found.add(Sharing.BlobLease.of(blob, connection.files()));
      }
      for (int i = 0; i < ids.size(); i++) {
        if (i >= found.size() || !found.get(i).id().equals(ids.get(i))) {
          throw Trees.missing(ids.get(i));
        }
      }
      return found;
    } catch (VineyardException e) {
      found.forEach(Sharing.BlobLease::release);
      throw e;
    }
  }
}
