package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import io.vineyard.store.core.AttachedClient;
import io.vineyard.store.core.EventSink;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Event;
import io.vineyard.store.message.Texts;
import io.vineyard.store.protocol.json.Reply;
import io.vineyard.store.protocol.json.Request;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a client of Vineyard's dialect: a request at a time, each with one reply.
 *
 * <p>What the connection has open goes with it: blobs that it has not sealed, its ends of streams,
 * its waits. Sealed blobs and objects stay, as in Vineyard.
 */
public final class Session implements EventSink {
  /** The first code that Vineyard does not know. */
  private static final int OWN_CODES = 256;

  private static final int PLASMA = 2;

  private final VineyardHost host;
  private final Peer peer;
  private final BlobRules blobs;
  private final ObjectRules objects;
  private final Set<HostedStream> streams = new HashSet<>();
  private final Set<OpenBlob> open = new HashSet<>();
  private final Set<Integer> knownFiles = new HashSet<>();

  // What this client may have mapped of streams that were dropped: what it read, and what it
  // filled.
  private final Map<ObjectId, Runnable> read = new HashMap<>();
  private final Map<ObjectId, Runnable> filled = new HashMap<>();

  private @Nullable AttachedClient attached;
  private @Nullable Runnable onEnd;
  private boolean waiting;
  private boolean over;
  private String name = "an unknown client";

  Session(VineyardHost host, Peer peer) {
    this.host = host;
    this.peer = peer;
    this.blobs = new BlobRules(host, this);
    this.objects = new ObjectRules(host, this);
  }

  /** Returns whether a request waits for its reply. */
  public boolean isWaiting() {
    return waiting;
  }

  /** Carries a request out; the reply comes now or later. */
  public void handle(Request request) {
    waiting = true;
    try {
      dispatch(request);
    } catch (VineyardException e) {
      unparked(failed(e));
    }
  }

  /** A message came that is no request. */
  public void refuse(VineyardException reason) {
    waiting = true;
    unparked(failed(reason));
  }

  static Reply failed(VineyardException reason) {
    int code = reason.code().number();
    if (code >= OWN_CODES) {
      code =
          switch (reason.code()) {
            case WRITER_LOST, STREAM_DROPPED, SCHEMA_MISMATCH -> ErrorCode.STREAM_FAILED.number();
            case STORE_LOST -> ErrorCode.ALREADY_STOPPED.number();
            case LIMIT_REACHED -> ErrorCode.NOT_ENOUGH_MEMORY.number();
            default -> ErrorCode.INVALID.number();
          };
    }
    return new Reply.Failed(code, Texts.cut(String.valueOf(reason.getMessage())));
  }

  private void dispatch(Request request) {
    if (request instanceof Request.Register one) {
      register(one);
    } else if (request instanceof Request.Exit) {
      waiting = false;
      peer.end();
    } else if (attached == null) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a register_request first, got " + request.getClass().getSimpleName());
    } else if (!blobs.handle(request) && !objects.handle(request) && !handleStream(request)) {
      throw VineyardException.of(
          request instanceof Request.Other ? ErrorCode.UNSUPPORTED : ErrorCode.ASSERTION_FAILED,
          "expected a command that this server offers, got " + request);
    }
  }

  private void register(Request.Register request) {
    if (attached == null) {
      name =
          "client " + host.nextNumber() + " of Vineyard's dialect " + Texts.line(version(request));
      attached = host.core().attach(name, this);
      peer.registered(name);
    }
    reply(
        new Reply.Registered(
            host.socket(),
            "0.0.0.0:0",
            VineyardHost.INSTANCE,
            0,
            VineyardHost.VERSION,
            request.storeType() != PLASMA,
            VineyardHost.BINARY_VERSION));
  }

  private static String version(Request.Register request) {
    final int most = 32;
    return request.version().substring(0, Math.min(most, request.version().length()));
  }

  // Replies.

  void reply(Reply reply) {
    send(reply, List.of());
  }

  private void send(Reply reply, List<Segment> files) {
    if (!waiting || over) {
      files.forEach(Segment::close);
      return;
    }
    waiting = false;
    onEnd = null;
    peer.reply(reply, files);
  }

  /** The request waits; the task is run if the connection ends before there is a reply. */
  void parked(Runnable withdraw) {
    onEnd = withdraw;
  }

  /** Answers a request that has waited. */
  void unparked(Reply reply) {
    reply(reply);
  }

  void done(Request request) {
    reply(new Reply.Done(request.getClass()));
  }

  /** Collects the files of a reply that the client does not know yet. */
  final class NewFiles {
    private final List<Integer> numbers = new ArrayList<>();
    private final List<Segment> segments = new ArrayList<>();

    void add(int file, Segment memory) {
      if (knownFiles.add(file)) {
        numbers.add(file);
        segments.add(memory.retain());
      }
    }

    List<Integer> numbers() {
      return List.copyOf(numbers);
    }

    int first() {
      return numbers.isEmpty() ? -1 : numbers.get(0);
    }

    void reply(Reply reply) {
      send(reply, segments);
    }
  }

  /** Returns whether the client has the file of a segment. */
  boolean knows(long segment) {
    return knownFiles.contains(VineyardHost.fileOf(segment));
  }

  NewFiles newFiles() {
    return new NewFiles();
  }

  // Blobs.

  void opened(OpenBlob blob) {
    open.add(blob);
    host.opened(blob);
  }

  void closed(OpenBlob blob) {
    open.remove(blob);
  }

  // Streams.

  void uses(HostedStream stream) {
    streams.add(stream);
  }

  void usesNoMore(HostedStream stream) {
    streams.remove(stream);
  }

  /** Keeps a chunk that the client may read until it asks for the next one, or goes. */
  void keep(ObjectId stream, Rendered chunk) {
    letGo(stream, read);
    read.put(stream, chunk::done);
  }

  /** Keeps memory that the client may write in until it hears that the stream is gone, or goes. */
  void keep(ObjectId stream, OpenBlob half) {
    letGo(stream, filled);
    filled.put(stream, half::abort);
  }

  private static void letGo(ObjectId stream, Map<ObjectId, Runnable> kept) {
    Runnable done = kept.remove(stream);
    if (done != null) {
      done.run();
    }
  }

  private boolean handleStream(Request request) {
    if (request instanceof Request.CreateStream one) {
      objects.createStream(one);
    } else if (request instanceof Request.OpenStream one) {
      host.stream(one.id()).open(this, one.mode());
      done(request);
    } else if (request instanceof Request.NextChunk one) {
      letGo(one.stream(), filled);
      host.stream(one.stream()).nextChunk(this, one.sizeBytes());
    } else if (request instanceof Request.PushChunk one) {
      host.stream(one.stream()).push(this, one.chunk());
      done(request);
    } else if (request instanceof Request.PullChunk one) {
      letGo(one.stream(), read);
      host.stream(one.stream()).reading().pull(this);
    } else if (request instanceof Request.StopStream one) {
      letGo(one.stream(), filled);
      host.stream(one.stream()).stop(this, one.failed());
      done(request);
    } else if (request instanceof Request.DropStream one) {
      drop(one.stream());
      done(request);
    } else {
      return false;
    }
    return true;
  }

  private void drop(ObjectId stream) {
    try {
      host.dropStream(stream);
    } finally {
      letGo(stream, filled); // whoever drops it has done with it
    }
  }

  /** Makes the chunk that a writer of a stream fills next. */
  void createChunk(long sizeBytes, HostedStream.ChunkMemory memory) {
    blobs.createChunk(sizeBytes, memory);
  }

  // The end.

  /** The connection has ended. */
  public void closed() {
    if (over) {
      return;
    }
    over = true;
    Runnable withdraw = onEnd;
    onEnd = null;
    if (withdraw != null) {
      withdraw.run();
    }
    List.copyOf(streams).forEach(stream -> stream.lost(this));
    streams.clear();
    List.copyOf(read.keySet()).forEach(stream -> letGo(stream, read));
    List.copyOf(filled.keySet()).forEach(stream -> letGo(stream, filled));
    List.copyOf(open).forEach(OpenBlob::abort);
    AttachedClient client = attached;
    if (client != null) {
      client.detach(
          VineyardException.of(ErrorCode.CONNECTION_ERROR, "the connection of " + name + " ended"));
    }
    host.closed(this);
  }

  @Override
  public void send(Event event) {
    objects.event(event);
  }

  @Override
  public void detached(VineyardException reason) {
    if (!over) {
      peer.end();
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
