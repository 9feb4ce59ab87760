package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StreamInfo.State;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.BlobLocation;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * What each command of a client does.
 *
 * <p>A request that cannot be granted is answered with its failure. An error that leaves this class
 * means that the client broke the protocol.
 */
final class CommandRules implements Command.Handler {
  private final StoreCore store;
  private final AttachedClient client;

  CommandRules(StoreCore store, AttachedClient client) {
    this.store = store;
    this.client = client;
  }

  private void answer(long request, Runnable granted) {
    try {
      granted.run();
    } catch (VineyardException e) {
      if (e.code() == ErrorCode.PROTOCOL_ERROR) {
        throw e;
      }
      client.fail(request, e.code(), String.valueOf(e.getMessage()));
    }
  }

  private void checkWaiting(long request) {
    if (client.isWaiting(request)) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected the number of a request that does not wait, got " + request);
    }
    int most = store.limits().requestsPerClient();
    if (client.waitingRequests() >= most) {
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED, "expected at most " + most + " waiting requests, got 1 more");
    }
  }

  private void checkEnds(long handle) {
    if (client.writers.containsKey(handle) || client.readers.containsKey(handle)) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR, "expected a handle not in use, got " + handle);
    }
    int most = store.limits().endsPerClient();
    if (client.openEnds() >= most) {
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED, "expected at most " + most + " open stream ends, got 1 more");
    }
  }

  private void checkName(String name) {
    if (name.isEmpty() || name.length() > store.limits().nameBytes()) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a name of 1 to "
              + store.limits().nameBytes()
              + " characters, got "
              + name.length());
    }
  }

  private void checkLength(String what, String text) {
    int most = store.limits().nameBytes();
    if (text.length() > most) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a " + what + " of at most " + most + " characters, got " + text.length());
    }
  }

  void checkNewName(String name) {
    checkName(name);
    int most = store.limits().names();
    if (store.names.count() >= most && store.names.find(name) == null) {
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED, "expected at most " + most + " names, got 1 more");
    }
  }

  @Override
  public void leaseSegment(Command.LeaseSegment command) {
    answer(
        command.request(),
        () -> {
          checkWaiting(command.request());
          store.segments.lease(client, command);
        });
  }

  @Override
  public void segmentMapped(Command.SegmentMapped command) {
    store.segments.sealWrites(client, command.segment());
  }

  @Override
  public void returnSegment(Command.ReturnSegment command) {
    store.segments.giveBack(client, command.segment());
  }

  @Override
  public void sealBlob(Command.SealBlob command) {
    answer(
        command.request(),
        () -> {
          store.checkObjects(1);
          BlobEntry blob =
              store.blobs.seal(
                  client,
                  store.ids.nextBlob(),
                  command.segment(),
                  command.offset(),
                  command.sizeBytes());
          client.done(command.request(), blob.id);
        });
  }

  @Override
  public void createObject(Command.CreateObject command) {
    answer(
        command.request(),
        () -> {
          ObjectMeta meta = store.objects.create(command.meta());
          client.send(new Event.Objects(command.request(), List.of(meta), List.of()));
        });
  }

  @Override
  public void getObject(Command.GetObject command) {
    answer(
        command.request(),
        () -> {
          StreamLog log = store.streams.find(command.id());
          ObjectMeta meta =
              log != null ? StreamMeta.of(log.info()) : store.objects.meta(command.id());
          List<BlobLocation> blobs =
              command.lease() && log == null ? store.objects.lease(client, meta) : List.of();
          client.send(new Event.Objects(command.request(), List.of(meta), blobs));
        });
  }

  @Override
  public void releaseBlobs(Command.ReleaseBlobs command) {
    for (long blob : command.blobs()) {
      client.blobLeases.remove(blob);
      store.blobs.release(blob, 1);
    }
  }

  @Override
  public void listObjects(Command.ListObjects command) {
    answer(
        command.request(),
        () -> {
          if (command.limit() < 0) {
            throw VineyardException.of(
                ErrorCode.INVALID, "expected a limit of at least 0, got " + command.limit());
          }
          checkLength("type pattern", command.typePattern());
          TypePattern pattern = new TypePattern(command.typePattern());
          List<ObjectMeta> found = new ArrayList<>();
          LongConsumer cost = new ListCost(store.limits().metaBytes());
          store.streams.list(pattern, command.limit(), cost, found::add);
          store.objects.list(pattern, command.limit(), cost, found::add);
          found.sort(Comparator.comparing(ObjectMeta::requireId));
          if (found.size() > command.limit()) {
            found.subList(command.limit(), found.size()).clear();
          }
          client.send(new Event.Objects(command.request(), found, List.of()));
        });
  }

  @Override
  public void deleteObject(Command.DeleteObject command) {
    answer(
        command.request(),
        () -> {
          StreamLog log = store.streams.find(command.id());
          if (log != null) {
            store.streams.drop(log, client.toString());
          }
          if (store.objects.exists(command.id())) {
            store.objects.delete(command.id());
          } else if (log == null) {
            throw store.streams.gone(command.id());
          }
          client.done(command.request(), 0);
        });
  }

  @Override
  public void persist(Command.Persist command) {
    answer(
        command.request(),
        () -> {
          if (store.streams.find(command.id()) == null) {
            store.objects.persist(command.id());
          }
          client.done(command.request(), 0);
        });
  }

  @Override
  public void putName(Command.PutName command) {
    answer(
        command.request(),
        () -> {
          checkNewName(command.name());
          if (store.streams.find(command.id()) == null && !store.objects.exists(command.id())) {
            throw VineyardException.of(
                ErrorCode.OBJECT_NOT_EXISTS,
                "expected an object to name, there is no " + new ObjectId(command.id()));
          }
          store.names.put(command.name(), command.id());
          client.done(command.request(), 0);
        });
  }

  @Override
  public void getName(Command.GetName command) {
    answer(
        command.request(),
        () -> {
          checkName(command.name());
          Long id = store.names.find(command.name());
          if (id != null) {
            client.done(command.request(), id);
          } else if (command.mayWait()) {
            checkWaiting(command.request());
            store.names.await(command.name(), client, command.request());
          } else {
            client.fail(
                command.request(),
                ErrorCode.OBJECT_NOT_EXISTS,
                "expected a name that is known, got \"" + command.name() + "\"");
          }
        });
  }

  @Override
  public void dropName(Command.DropName command) {
    client.done(command.request(), store.names.drop(command.name()) ? 1 : 0);
  }

  @Override
  public void cancelRequest(Command.CancelRequest command) {
    store.names.cancel(client, command.request());
    client.cancelLease(command.request());
  }

  @Override
  public void createStream(Command.CreateStream command) {
    answer(
        command.request(),
        () -> {
          checkName(command.spec().typeName());
          String name = command.spec().name();
          if (name != null) {
            checkNewName(name);
          }
          checkWaiting(command.request());
          Creation creation = new Creation(client, command.request());
          client.pendingStreams.add(command.request());
          try {
            store.streams.create(store.ids.nextObject(), command.spec(), creation);
          } catch (VineyardException e) {
            creation.failed(e);
          }
        });
  }

  /** Tells a client of the stream that it wants to have made. */
  private record Creation(AttachedClient client, long request) implements StreamTable.Done {
    @Override
    public void created(StreamLog log) {
      client.pendingStreams.remove(request);
      client.send(new Event.Stream(request, log.info()));
    }

    @Override
    public void failed(VineyardException reason) {
      client.pendingStreams.remove(request);
      client.fail(request, reason.code(), String.valueOf(reason.getMessage()));
    }
  }

  @Override
  public void getStream(Command.GetStream command) {
    answer(
        command.request(),
        () -> client.send(new Event.Stream(command.request(), stream(command.id()).info())));
  }

  private StreamLog stream(long id) {
    if (store.objects.exists(id) && store.streams.find(id) == null) {
      throw VineyardException.of(
          ErrorCode.OBJECT_TYPE_ERROR, "expected a stream, got " + store.objects.meta(id));
    }
    return store.streams.require(id);
  }

  @Override
  public void openWriter(Command.OpenWriter command) {
    answer(
        command.handle(),
        () -> {
          checkEnds(command.handle());
          StreamLog log = stream(command.id());
          log.openWriter(client, command.handle());
          client.send(new Event.Stream(command.handle(), log.info()));
        });
  }

  @Override
  public void openReader(Command.OpenReader command) {
    answer(
        command.handle(),
        () -> {
          checkEnds(command.handle());
          StreamLog log = stream(command.id());
          log.openReader(client, command.handle());
          client.send(new Event.Stream(command.handle(), log.info()));
          log.welcome(store.streams.read(client, command.handle()));
        });
  }

  @Override
  public void setPreamble(Command.SetPreamble command) {
    int most = store.limits().headerBytes();
    if (command.bytes().remaining() > most) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected a preamble of at most " + most + " bytes, got " + command.bytes().remaining());
    }
    store.streams.written(client, command.handle()).preamble(command.bytes());
  }

  @Override
  public void useSegment(Command.UseSegment command) {
    store
        .streams
        .written(client, command.handle())
        .use(store.segments.mapped(client, command.segment()));
  }

  @Override
  public void endStream(Command.EndStream command) {
    State state = command.code() == 0 ? State.FINISHED : State.FAILED;
    store.streams.written(client, command.handle()).end(state, command.code(), command.message());
  }

  @Override
  public void closeWriter(Command.CloseWriter command) {
    StreamLog log = store.streams.written(client, command.handle());
    client.writers.remove(command.handle());
    log.closeWriter();
  }

  @Override
  public void closeReader(Command.CloseReader command) {
    ReaderCursor cursor = store.streams.read(client, command.handle());
    if (!cursor.log.isReading(cursor)) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected an open reader of " + client + ", " + command.handle() + " was closed before");
    }
    cursor.log.closeReader(cursor, command.settled());
  }

  @Override
  public void readerSettled(Command.ReaderSettled command) {
    ReaderCursor cursor = store.streams.read(client, command.handle());
    if (cursor.log.isReading(cursor)) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected a closed reader of " + client + ", " + command.handle() + " is open");
    }
    cursor.log.settled(cursor);
  }

  @Override
  public void wake(Command.Wake command) {
    StreamLog log = client.writers.get(command.handle());
    if (log != null) {
      log.wakeReader();
    } else {
      store.streams.read(client, command.handle()).log.wakeWriter();
    }
  }

  @Override
  public void getStatus(Command.GetStatus command) {
    client.send(new Event.Status(command.request(), store.status()));
  }
}
