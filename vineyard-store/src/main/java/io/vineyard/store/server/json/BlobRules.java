package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import io.vineyard.store.core.Hosting;
import io.vineyard.store.protocol.json.Payload;
import io.vineyard.store.protocol.json.Reply;
import io.vineyard.store.protocol.json.Request;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongPredicate;

/**
 * What requests for blobs do.
 *
 * <p>References are counted as Vineyard counts them, and as there keep nothing: a blob that is
 * deleted is gone for whoever has it mapped.
 */
final class BlobRules {
  private static final int MOST_HELD = 1 << 20;
  private static final int MOST_ASKED = 1 << 15;
  private static final int MOST_AT_ONCE = 256;

  private final VineyardHost host;
  private final Session session;
  private final Set<ObjectId> held = new HashSet<>();

  BlobRules(VineyardHost host, Session session) {
    this.host = host;
    this.session = session;
  }

  /** Carries a request out; says whether it was one of these. */
  boolean handle(Request request) {
    if (request instanceof Request.CreateBuffer one) {
      create(one.sizeBytes());
    } else if (request instanceof Request.CreateBuffers one) {
      createAll(one.sizes());
    } else if (request instanceof Request.Seal one) {
      seal(one);
    } else if (request instanceof Request.ShrinkBuffer one) {
      shrink(one);
    } else if (request instanceof Request.DropBuffer one) {
      drop(one);
    } else if (request instanceof Request.GetBuffers one) {
      get(one);
    } else if (request instanceof Request.IncreaseReferences one) {
      one.blobs().forEach(this::hold);
      session.done(request);
    } else if (request instanceof Request.Release one) {
      release(one);
    } else if (request instanceof Request.IsInUse) {
      session.reply(new Reply.Truth(Request.IsInUse.class, true));
    } else if (request instanceof Request.IsSpilled) {
      session.reply(new Reply.Truth(Request.IsSpilled.class, false));
    } else {
      return false;
    }
    return true;
  }

  private static boolean isEmpty(ObjectId id) {
    return id.equals(ObjectId.EMPTY_BLOB);
  }

  private static VineyardException missing(ObjectId id) {
    return VineyardException.of(
        ErrorCode.OBJECT_NOT_EXISTS, "expected a blob, there is no blob " + id);
  }

  private void hold(ObjectId blob) {
    if (held.size() < MOST_HELD) {
      held.add(blob);
    }
  }

  // Creating.

  private void create(long sizeBytes) {
    if (sizeBytes == 0) {
      session.reply(new Reply.BufferCreated(Payload.EMPTY, -1));
      return;
    }
    allocate(
        sizeBytes,
        segment -> true,
        blob -> {
          Session.NewFiles files = files(List.of(blob));
          files.reply(new Reply.BufferCreated(blob.payload(), files.first()));
        },
        this::refused);
  }

  private void allocate(
      long sizeBytes,
      LongPredicate segments,
      Consumer<OpenBlob> made,
      Consumer<VineyardException> refused) {
    host.hosting().checkBlob();
    boolean[] over = new boolean[1];
    Runnable withdraw =
        host.memory()
            .allocate(
                sizeBytes,
                segments,
                range -> {
                  over[0] = true;
                  OpenBlob blob = new OpenBlob(host, host.hosting().nextBlob(), range, session);
                  session.opened(blob);
                  made.accept(blob);
                },
                reason -> {
                  over[0] = true;
                  refused.accept(reason);
                });
    if (!over[0]) {
      session.parked(withdraw);
    }
  }

  private void refused(VineyardException reason) {
    session.unparked(Session.failed(reason));
  }

  private Session.NewFiles files(List<OpenBlob> blobs) {
    Session.NewFiles files = session.newFiles();
    for (OpenBlob blob : blobs) {
      files.add(VineyardHost.fileOf(blob.range().segment()), blob.range().slab().memory);
    }
    return files;
  }

  private void createAll(List<Long> sizes) {
    if (sizes.size() > MOST_AT_ONCE) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected at most " + MOST_AT_ONCE + " blobs at once, got " + sizes.size());
    }
    create(sizes, new ArrayList<>(), new ArrayList<>());
  }

  /** Makes one blob after the other; if one can't be made, all go. */
  private void create(List<Long> sizes, List<Payload> made, List<OpenBlob> blobs) {
    if (made.size() == sizes.size()) {
      Session.NewFiles files = files(blobs);
      files.reply(new Reply.BuffersCreated(List.copyOf(made), files.numbers()));
      return;
    }
    long size = sizes.get(made.size());
    if (size == 0) {
      made.add(Payload.EMPTY);
      create(sizes, made, blobs);
      return;
    }
    allocate(
        size,
        segment -> isInOrder(segment, blobs),
        blob -> {
          made.add(blob.payload());
          blobs.add(blob);
          create(sizes, made, blobs);
        },
        reason -> {
          blobs.forEach(OpenBlob::abort);
          refused(reason);
        });
  }

  /**
   * Returns whether the next blob may lie in a segment: Vineyard's client takes the descriptors of
   * new files in the order of the blobs, and expects their numbers to ascend.
   */
  private boolean isInOrder(long segment, List<OpenBlob> blobs) {
    return session.knows(segment)
        || blobs.stream()
            .mapToLong(blob -> blob.range().segment())
            .allMatch(before -> before <= segment || session.knows(before));
  }

  /** Makes the chunk that a writer of a stream fills next. */
  void createChunk(long sizeBytes, HostedStream.ChunkMemory memory) {
    if (sizeBytes == 0) {
      if (memory.take(null)) {
        session.unparked(new Reply.ChunkCreated(Payload.EMPTY, -1));
      }
      return;
    }
    try {
      allocate(sizeBytes, segment -> true, blob -> chunkCreated(blob, memory), memory::refuse);
    } catch (VineyardException e) {
      memory.refuse(e);
    }
  }

  private void chunkCreated(OpenBlob blob, HostedStream.ChunkMemory memory) {
    if (!memory.take(blob)) {
      blob.abort();
      return;
    }
    blob.owner = null;
    session.closed(blob);
    Session.NewFiles files = files(List.of(blob));
    files.reply(new Reply.ChunkCreated(blob.payload(), files.first()));
  }

  // Changing.

  private OpenBlob open(ObjectId id) {
    OpenBlob blob = host.open(id);
    if (blob == null) {
      throw host.hosting().find(id) == null
          ? missing(id)
          : VineyardException.of(
              ErrorCode.OBJECT_SEALED, "expected an unsealed blob, " + id + " is sealed");
    }
    return blob;
  }

  private void seal(Request.Seal request) {
    ObjectId id = request.blob();
    if (!isEmpty(id)) {
      if (host.hosting().find(id) == null) {
        open(id).seal();
      }
      hold(id);
    }
    session.done(request);
  }

  private void shrink(Request.ShrinkBuffer request) {
    OpenBlob blob = open(request.blob());
    if (request.sizeBytes() > blob.sizeBytes() || request.sizeBytes() < 1) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected 1 to " + blob.sizeBytes() + " bytes, got " + request.sizeBytes());
    }
    blob.shrink(request.sizeBytes());
    session.done(request);
  }

  private void drop(Request.DropBuffer request) {
    ObjectId id = request.blob();
    OpenBlob blob = host.open(id);
    if (blob != null) {
      blob.abort();
    } else if (!isEmpty(id)) {
      if (host.hosting().find(id) == null) {
        throw missing(id);
      }
      host.hosting().delete(List.of(id), true, false);
    }
    session.done(request);
  }

  // Reading.

  private void get(Request.GetBuffers request) {
    if (request.blobs().size() > MOST_ASKED) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected at most " + MOST_ASKED + " blobs at once, got " + request.blobs().size());
    }
    Session.NewFiles files = session.newFiles();
    List<Payload> payloads = new ArrayList<>();
    for (ObjectId id : request.blobs()) {
      if (host.open(id) != null && !request.mayBeUnsealed()) {
        throw VineyardException.of(
            ErrorCode.OBJECT_NOT_SEALED, "expected a sealed blob, " + id + " is not sealed");
      }
    }
    for (ObjectId id : request.blobs()) {
      OpenBlob unsealed = host.open(id);
      Hosting.Place place = host.hosting().find(id);
      if (isEmpty(id)) {
        payloads.add(Payload.EMPTY);
      } else if (unsealed != null) {
        files.add(VineyardHost.fileOf(unsealed.range().segment()), unsealed.range().slab().memory);
        payloads.add(unsealed.payload());
      } else if (place != null) {
        files.add(VineyardHost.fileOf(place.segment()), place.memory());
        payloads.add(payload(place));
        hold(id);
      }
    }
    files.reply(new Reply.Buffers(payloads, files.numbers()));
  }

  private static Payload payload(Hosting.Place place) {
    return new Payload(
        place.blob(),
        VineyardHost.fileOf(place.segment()),
        place.offset(),
        place.sizeBytes(),
        place.memory().capacityBytes() + Payload.GAP_BYTES,
        true);
  }

  private void release(Request.Release request) {
    if (held.isEmpty()) {
      throw VineyardException.of(
          ErrorCode.KEY_ERROR, "expected a blob that this client holds, it holds none");
    }
    if (!held.remove(request.blob())) {
      throw missing(request.blob());
    }
    session.done(request);
  }
}
