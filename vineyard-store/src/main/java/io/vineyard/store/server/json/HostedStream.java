package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A stream as clients of Vineyard's dialect see it, by the rules of Vineyard's own server; where
 * those leave somebody waiting for ever or lose a chunk, ours hold: the end of a writing client
 * fails the stream, and what a lost reader had goes to the next one.
 */
final class HostedStream {
  private static final int READ = 1;
  private static final int WRITE = 2;

  private final VineyardHost host;
  final ObjectId id;

  /** Whether it was made by a client of this dialect, and is known until one drops it. */
  final boolean isKept;

  private final Set<Session> writers = new HashSet<>();
  private @Nullable HostedWriter writer;
  private boolean opensRead;
  private boolean opensWrite;
  private boolean stopped;

  // What a client fills, and publishes with the next one.
  private @Nullable OpenBlob writing;
  private @Nullable Session writingClient;
  private boolean writesNothing;
  private @Nullable Waiting waitingWriter;

  /** A request for memory that waits for some, or for its turn to get it. */
  private static final class Waiting {
    final Session session;
    final long sizeBytes;
    boolean isServed;

    Waiting(Session session, long sizeBytes) {
      this.session = session;
      this.sizeBytes = sizeBytes;
    }
  }

  private final StreamReading reading;

  HostedStream(VineyardHost host, ObjectId id, boolean isKept) {
    this.host = host;
    this.id = id;
    this.isKept = isKept;
    this.reading = new StreamReading(host, this);
  }

  /** Returns the reading side. */
  StreamReading reading() {
    return reading;
  }

  /** Returns the object that a client has published in a slot; null if none has. */
  @Nullable ObjectId chunkIn(int slot) {
    return writer == null ? null : writer.chunkIn(slot);
  }

  private static VineyardException state(String expected) {
    return VineyardException.of(ErrorCode.INVALID_STREAM_STATE, "expected " + expected);
  }

  // Opening.

  void open(Session session, int mode) {
    if (mode < READ || mode > (READ | WRITE)) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected mode 1 (read), 2 (write) or 3 (both), got " + mode);
    }
    boolean reads = (mode & READ) != 0;
    boolean writes = (mode & WRITE) != 0;
    if ((reads && opensRead) || (writes && opensWrite)) {
      throw VineyardException.of(
          ErrorCode.STREAM_OPENED,
          "expected a stream that is not open for "
              + (reads && opensRead ? "reading" : "writing")
              + ", got stream "
              + id);
    }
    if (reads) {
      reading.open(session);
    }
    if (writes) {
      if (!stopped) {
        writer(session);
      }
      opensWrite = true;
    }
    opensRead |= reads;
  }

  private HostedWriter writer(Session session) {
    HostedWriter open = writer;
    if (open == null) {
      open = host.openWriter(this);
      writer = open;
    }
    writers.add(session);
    session.uses(this);
    return open;
  }

  // Writing.

  private HostedWriter writable(Session session) {
    if (waitingWriter != null) {
      throw state("a stream whose writer does not wait, got stream " + id);
    }
    if (stopped) {
      throw state("a stream that was not stopped, got stream " + id);
    }
    HostedWriter open = writer(session);
    if (open.isEnding()) {
      throw VineyardException.of(ErrorCode.STREAM_FAILED, "stream " + id + " was dropped");
    }
    open.checkRoom();
    return open;
  }

  /** Publishes what a client has filled, and gives it memory for the next chunk. */
  void nextChunk(Session session, long sizeBytes) {
    writable(session);
    publishWriting();
    host.checkChunk(sizeBytes);
    waitingWriter = new Waiting(session, sizeBytes);
    host.waitingWriters(1);
    session.parked(this::withdrawWriter);
    lookForMemory();
  }

  /** Gives the writer that waits its memory, if there is some. */
  void lookForMemory() {
    Waiting waiting = waitingWriter;
    if (waiting == null || waiting.isServed || !host.hasMemoryFor(waiting.sizeBytes)) {
      return;
    }
    waiting.isServed = true;
    waiting.session.createChunk(
        waiting.sizeBytes,
        new ChunkMemory() {
          @Override
          public boolean take(@Nullable OpenBlob blob) {
            return waitingWriter == waiting && begin(blob, waiting.session);
          }

          @Override
          public void refuse(VineyardException reason) {
            if (waitingWriter == waiting) {
              withdrawWriter();
              waiting.session.unparked(Session.failed(reason));
            }
          }
        });
  }

  /** What becomes of the memory for a chunk. */
  interface ChunkMemory {
    /** Takes it, null if it is none; returns false if it is not wanted any more. */
    boolean take(@Nullable OpenBlob blob);

    /** There is none. */
    void refuse(VineyardException reason);
  }

  private boolean begin(@Nullable OpenBlob blob, Session session) {
    withdrawWriter();
    writing = blob;
    writingClient = session;
    writesNothing = blob == null;
    return true;
  }

  private void withdrawWriter() {
    if (waitingWriter != null) {
      waitingWriter = null;
      host.waitingWriters(-1);
    }
  }

  private void publishWriting() {
    OpenBlob filled = writing;
    if (writesNothing) {
      writesNothing = false;
      publish(ObjectId.EMPTY_BLOB);
    } else if (filled != null) {
      filled.seal(); // if there may not be one more blob, it stays
      writing = null;
      if (host.hosting().find(filled.id()) != null) {
        publish(filled.id());
      }
    }
  }

  void push(Session session, ObjectId chunk) {
    writable(session);
    publish(chunk);
  }

  private void publish(ObjectId chunk) {
    HostedWriter open = writer;
    if (open != null) {
      host.chunks().publish(chunk, open, this);
    }
  }

  void stop(Session session, boolean failed) {
    HostedWriter open = writable(session);
    publishWriting();
    stopped = true;
    open.end(
        failed
            ? VineyardException.of(
                ErrorCode.STREAM_FAILED, "stream " + id + " was failed by its writer")
            : null);
  }

  /** The store is closed: lets go of everything, and tells nobody. */
  void shut() {
    if (writer != null) {
      writer.close();
    }
    reading.shut();
  }

  // Events.

  void woken() {
    if (writer != null) {
      writer.woken();
    }
    reading.deliver();
  }

  void writerStopped() {
    stopped = true;
    if (writer != null) {
      writer.stopped();
    }
    failWaitingWriter();
  }

  private void failWaitingWriter() {
    Waiting waiting = waitingWriter;
    withdrawWriter();
    if (waiting != null) {
      waiting.session.unparked(
          Session.failed(
              VineyardException.of(ErrorCode.STREAM_FAILED, "stream " + id + " was dropped")));
    }
  }

  // Ends.

  /** A client is gone. */
  void lost(Session session) {
    if (waitingWriter != null && waitingWriter.session == session) {
      withdrawWriter();
    }
    if (writers.remove(session) && writers.isEmpty()) {
      loseWriter(session);
    }
    if (reading.lost(session)) {
      opensRead = false;
    }
    forgetIfUnused();
  }

  private void forgetIfUnused() {
    if (!isKept && writers.isEmpty() && reading.isUnused() && writer == null) {
      host.forget(this);
    }
  }

  /** The writing end has wound up. */
  void closed(HostedWriter over) {
    if (writer == over) {
      writer = null;
      stopped = true;
      forgetIfUnused();
    }
  }

  private void loseWriter(Session session) {
    OpenBlob half = writing;
    writing = null;
    if (half != null) {
      half.abort();
    }
    HostedWriter open = writer;
    if (open != null && !stopped) {
      stopped = true;
      open.end(
          VineyardException.of(
              ErrorCode.WRITER_LOST,
              "writer " + session + " of stream " + id + " was lost before it finished"));
    }
  }

  /** The stream goes; what its clients have mapped stays until they are done with it. */
  void drop() {
    OpenBlob half = writing;
    Session client = writingClient;
    writing = null;
    if (half != null && client != null && writers.contains(client)) {
      client.keep(id, half);
    } else if (half != null) {
      half.abort();
    }
    stopped = true;
    host.hosting().dropStream(id);
    if (writer != null) {
      writer.stopped();
    }
    failWaitingWriter();
    reading.end(VineyardException.of(ErrorCode.STREAM_FAILED, "stream " + id + " was dropped"));
    writers.forEach(session -> session.usesNoMore(this));
  }
}
