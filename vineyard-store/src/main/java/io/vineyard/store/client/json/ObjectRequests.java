package io.vineyard.store.client.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import io.vineyard.store.attach.LeasedBlobs;
import io.vineyard.store.protocol.json.Reply;
import io.vineyard.store.protocol.json.Request;
import io.vineyard.store.protocol.json.ServerFields;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What is asked about objects. */
final class ObjectRequests {
  private static final int MOST_IDS = 4096;

  private final RequestConnection connection;
  private final long instance;
  private final BlobRequests blobs;
  private final Connections.ExtraConnections extras;

  ObjectRequests(
      RequestConnection connection,
      long instance,
      BlobRequests blobs,
      Connections.ExtraConnections extras) {
    this.connection = connection;
    this.instance = instance;
    this.blobs = blobs;
    this.extras = extras;
  }

  /** An object and its leased blobs. */
  record Leased(ObjectMeta meta, List<Sharing.BlobLease> blobs) {
    List<LeasedBlobs.Part> parts() {
      return blobs.stream()
          .map(blob -> new LeasedBlobs.Part(blob.id(), blob.address(), blob.sizeBytes()))
          .toList();
    }

    /** Returns the blobs, which were counted in the references. */
    void giveBack(Sharing.References references) {
      blobs.forEach(Sharing.BlobLease::release);
      references.remove(blobs.stream().map(Sharing.BlobLease::id).toList());
    }
  }

  /** Returns metadata as the server has it; what is not there is left out. */
  CompletableFuture<Map<ObjectId, ObjectMeta>> find(List<ObjectId> ids) {
    CompletableFuture<Map<ObjectId, ObjectMeta>> all =
        CompletableFuture.completedFuture(new HashMap<>());
    for (int from = 0; from < ids.size(); from += MOST_IDS) {
      List<ObjectId> some = ids.subList(from, Math.min(ids.size(), from + MOST_IDS));
      all =
          all.thenCompose(
              found ->
                  connection.ask(
                      new Request.GetData(some, false, false),
                      reply -> {
                        found.putAll(((Reply.Data) reply).content());
                        return found;
                      }));
    }
    return all;
  }

  /** Returns the metadata of one object or blob as the server has it, also of other instances. */
  CompletableFuture<ObjectMeta> raw(ObjectId id) {
    return find(List.of(id))
        .thenCompose(
            found -> {
              ObjectMeta here = found.get(id);
              return here != null
                  ? CompletableFuture.completedFuture(here)
                  : connection.ask(
                      new Request.GetData(List.of(id), true, false),
                      reply -> {
                        ObjectMeta meta = ((Reply.Data) reply).content().get(id);
                        if (meta == null) {
                          throw Trees.missing(id);
                        }
                        return meta;
                      });
            });
  }

  CompletableFuture<ObjectMeta> meta(ObjectId id) {
    return raw(id).thenCompose(meta -> plain(List.of(meta))).thenApply(metas -> metas.get(0));
  }

  /** Returns trees with the sizes of their blobs, which a server leaves out of trees. */
  private CompletableFuture<List<ObjectMeta>> plain(List<ObjectMeta> raw) {
    List<ObjectMeta> trees = raw.stream().filter(meta -> !meta.requireId().isBlob()).toList();
    return find(List.copyOf(Trees.blobs(trees).keySet()))
        .thenApply(Trees::sizes)
        .thenApply(sizes -> raw.stream().map(meta -> Trees.plain(meta, sizes)).toList());
  }

  CompletableFuture<Leased> lease(ObjectId id) {
    if (id.equals(ObjectId.EMPTY_BLOB)) {
      return CompletableFuture.completedFuture(new Leased(ObjectMeta.blob(id, 0), List.of()));
    }
    if (id.isBlob()) {
      return blobs
          .lease(List.of(id))
          .thenApply(found -> new Leased(ObjectMeta.blob(id, found.get(0).sizeBytes()), found));
    }
    return raw(id).thenCompose(this::fetched).thenCompose(this::leaseTree);
  }

  /** Has the server copy to its own instance what lies in another one. */
  private CompletableFuture<ObjectMeta> fetched(ObjectMeta raw) {
    boolean isHere =
        Trees.blobs(List.of(raw)).values().stream().allMatch(where -> where == instance);
    return isHere
        ? CompletableFuture.completedFuture(raw)
        : migrated(raw.requireId()).thenCompose(this::raw);
  }

  /** Another server may take any time to send its bytes, for which nobody else should wait. */
  private CompletableFuture<ObjectId> migrated(ObjectId id) {
    RequestConnection own = extras.open();
    return own.ask(
            new Request.Migrate(id),
            RequestConnection.PARKED,
            reply -> ((Reply.Migrated) reply).id())
        .whenComplete((copy, error) -> extras.close(own));
  }

  private CompletableFuture<Leased> leaseTree(ObjectMeta raw) {
    Map<ObjectId, Long> below = Trees.blobs(List.of(raw));
    for (Map.Entry<ObjectId, Long> blob : below.entrySet()) {
      if (blob.getValue() != instance) {
        throw VineyardException.of(
            ErrorCode.UNSUPPORTED,
            "expected the blobs of "
                + raw
                + " on instance "
                + instance
                + ", got one on instance "
                + Long.toUnsignedString(blob.getValue()));
      }
    }
    return blobs
        .lease(List.copyOf(below.keySet()))
        .thenApply(
            leases -> {
              Map<ObjectId, Long> sizes = new HashMap<>();
              leases.forEach(lease -> sizes.put(lease.id(), lease.sizeBytes()));
              return new Leased(Trees.plain(raw, sizes), leases);
            });
  }

  CompletableFuture<ObjectMeta> create(ObjectMeta meta) {
    Set<ObjectId> references = new LinkedHashSet<>();
    Trees.check(meta, references);
    references.remove(ObjectId.EMPTY_BLOB);
    return find(List.copyOf(references))
        .thenCompose(found -> plain(List.copyOf(found.values())))
        .thenCompose(found -> create(meta, byId(found)));
  }

  private static Map<ObjectId, ObjectMeta> byId(List<ObjectMeta> metas) {
    Map<ObjectId, ObjectMeta> found = new HashMap<>();
    metas.forEach(meta -> found.put(meta.requireId(), meta));
    return found;
  }

  /**
   * Creates an object.
   *
   * @param known all that it refers to
   */
  CompletableFuture<ObjectMeta> create(ObjectMeta meta, Map<ObjectId, ObjectMeta> known) {
    ObjectMeta created = Trees.created(meta, known);
    return connection.ask(
        new Request.CreateData(Trees.sent(created, known)),
        reply -> created.toBuilder().id(((Reply.DataCreated) reply).id()).build());
  }

  CompletableFuture<List<ObjectMeta>> list(String typePattern, int limit) {
    if (limit < 0) {
      throw VineyardException.of(ErrorCode.INVALID, "expected a limit of at least 0, got " + limit);
    }
    if (limit == 0) {
      return CompletableFuture.completedFuture(List.of());
    }
    Comparator<ObjectMeta> byId = Comparator.comparing(ObjectMeta::requireId);
    return connection
        .ask(
            new Request.ListData(wildcard(typePattern), false, limit),
            reply -> ((Reply.Data) reply).content().values().stream().sorted(byId).toList())
        .thenCompose(this::plain);
  }

  /** Only the star stands for something else here. */
  private static String wildcard(String pattern) {
    StringBuilder escaped = new StringBuilder();
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      if (c == '?' || c == '[') {
        escaped.append('[').append(c).append(']');
      } else if (c == '\\') {
        escaped.append("\\\\");
      } else {
        escaped.append(c);
      }
    }
    return escaped.toString();
  }

  CompletableFuture<Boolean> delete(ObjectId id) {
    return raw(id)
        .thenCompose(this::dropStream)
        .thenCompose(
            meta -> {
              String name = ServerFields.name(meta);
              return deleteData(id)
                  .thenCompose(deleted -> exists(id))
                  .thenCompose(left -> left ? refused(id) : dropName(id, name));
            });
  }

  private static CompletableFuture<Boolean> refused(ObjectId id) {
    return CompletableFuture.failedFuture(
        VineyardException.of(
            ErrorCode.INVALID, "expected an object of its own, " + id + " is a member of another"));
  }

  /** Removes the stream behind an object, if it has one. */
  private CompletableFuture<ObjectMeta> dropStream(ObjectMeta meta) {
    return StreamMeta.isStream(meta)
        ? connection
            .ask(new Request.DropStream(meta.requireId()), reply -> true)
            .handle((dropped, error) -> meta)
        : CompletableFuture.completedFuture(meta);
  }

  CompletableFuture<Boolean> deleteData(ObjectId id) {
    return connection.ask(
        new Request.DeleteData(List.of(id), false, true, false, false), reply -> true);
  }

  CompletableFuture<Boolean> exists(ObjectId id) {
    return connection.ask(new Request.Exists(id), reply -> ((Reply.Truth) reply).value());
  }

  /** A server leaves the name of what is deleted; somebody else may have it by now. */
  private CompletableFuture<Boolean> dropName(ObjectId id, @Nullable String name) {
    if (name == null) {
      return CompletableFuture.completedFuture(true);
    }
    return connection
        .ask(new Request.GetName(name, false), reply -> ((Reply.Named) reply).id().equals(id))
        .thenCompose(
            same ->
                same
                    ? connection.ask(new Request.DropName(name), reply -> true)
                    : CompletableFuture.completedFuture(true))
        .exceptionally(error -> true);
  }

  CompletableFuture<Boolean> persist(ObjectId id) {
    if (id.isBlob()) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED,
          "expected an object: a Vineyard server persists no blob by itself, got " + id);
    }
    return connection
        .ask(new Request.Persist(id), reply -> true)
        .exceptionallyCompose(error -> CompletableFuture.failedFuture(missing(id, error)));
  }

  /** A server says in several ways that there is no such object. */
  static Throwable missing(ObjectId id, Throwable error) {
    Throwable cause = Results.cause(error);
    return cause instanceof VineyardException e
            && e.code() == ErrorCode.META_TREE_SUBTREE_NOT_EXISTS
        ? VineyardException.of(ErrorCode.OBJECT_NOT_EXISTS, "there is no " + id, cause)
        : cause;
  }
}
