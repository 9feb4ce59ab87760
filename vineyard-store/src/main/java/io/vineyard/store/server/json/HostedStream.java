package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.vineyard.ChunkViews;
import io.vineyard.store.message.Event;
import io.vineyard.store.protocol.json.Reply;
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
  private final Set<Session> readers = new HashSet<>();
  private @Nullable HostedWriter writer;
  private @Nullable HostedReader reader;
  private boolean opensRead;
  private boolean opensWrite;
  private boolean stopped;
  private @Nullable VineyardException end;

  // What a client fills, and publishes with the next one.
  private @Nullable OpenBlob writing;
  private boolean writesNothing;
  private @Nullable Waiting waitingWriter;

  // What a client reads; it is done with it when it asks for the next one.
  private @Nullable Rendered reading;
  private @Nullable Session waitingReader;
  private boolean rendering;
  private final ChunkViews views = new ChunkViews();

  /** A request for memory that waits for some. */
  private record Waiting(Session session, long sizeBytes) {}

  HostedStream(VineyardHost host, ObjectId id, boolean isKept) {
    this.host = host;
    this.id = id;
    this.isKept = isKept;
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
    if (writes) {
      writer(session);
      opensWrite = true;
    }
    if (reads) {
      reader(session);
      opensRead = true;
    }
  }

  private HostedWriter writer(Session session) {
    HostedWriter open = writer;
    if (open == null) {
      if (stopped) {
        throw state("a stream that was not stopped, got stream " + id);
      }
      open = host.openWriter(this);
      writer = open;
    }
    writers.add(session);
    session.uses(this);
    return open;
  }

  private @Nullable HostedReader reader(Session session) {
    if (reader == null && end == null) {
      reader = host.openReader(this);
    }
    readers.add(session);
    session.uses(this);
    return reader;
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
    waitingWriter = new Waiting(session, sizeBytes);
    host.waitingWriters(1);
    session.parked(this::withdrawWriter);
    lookForMemory();
  }

  /** Gives the writer that waits its memory, if there is some. */
  void lookForMemory() {
    Waiting waiting = waitingWriter;
    if (waiting == null || !host.hasMemoryFor(waiting.sizeBytes)) {
      return;
    }
    withdrawWriter();
    waiting.session.createChunk(this, waiting.sizeBytes);
  }

  private void withdrawWriter() {
    if (waitingWriter != null) {
      waitingWriter = null;
      host.waitingWriters(-1);
    }
  }

  /** The next chunk has no bytes. */
  void writingNothing() {
    writesNothing = true;
  }

  /** Takes the memory that a client now fills. */
  void writing(OpenBlob blob) {
    writing = blob;
  }

  private void publishWriting() {
    OpenBlob filled = writing;
    writing = null;
    if (writesNothing) {
      writesNothing = false;
      publish(ObjectId.EMPTY_BLOB);
    } else if (filled != null && filled.seal()) {
      publish(filled.id());
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

  // Reading.

  /** Returns what makes objects of the chunks of clients of our dialect. */
  ChunkViews views() {
    return views;
  }

  void pull(Session session) {
    if (waitingReader != null) {
      throw state("a stream without a reader that waits, got stream " + id);
    }
    HostedReader open = reader(session);
    release();
    waitingReader = session;
    session.parked(() -> waitingReader = null);
    if (open == null) {
      answerEnd();
    } else {
      deliver();
    }
  }

  /** The reader is done with the chunk that it had. */
  private void release() {
    Rendered done = reading;
    reading = null;
    if (done != null) {
      done.close();
    }
  }

  /** Gives the reader that waits what there is for it. */
  private void deliver() {
    HostedReader from = reader;
    if (waitingReader == null || rendering || from == null) {
      return;
    }
    HostedReader.Taken chunk;
    try {
      chunk = from.next();
    } catch (VineyardException damaged) {
      answer(failed(damaged));
      return;
    }
    if (chunk != null) {
      render(from, chunk);
    } else if (from.end() != null) {
      end = endOf(from.end());
      leave();
      answerEnd();
    }
  }

  private void render(HostedReader from, HostedReader.Taken chunk) {
    HostedWriter hosted = writer;
    ObjectId known = hosted == null ? null : hosted.chunkIn(chunk.slot());
    if (known != null) {
      rendered(new Rendered(known, () -> from.release(chunk)));
      return;
    }
    rendering = true;
    host.chunks()
        .render(
            this,
            chunk,
            from,
            result -> {
              rendering = false;
              rendered(result);
            },
            failure -> {
              rendering = false;
              from.release(chunk);
              answer(failed(failure));
            });
  }

  private void rendered(Rendered result) {
    reading = result;
    if (waitingReader == null) {
      // The reader went while it was made.
      release();
      return;
    }
    answer(new Reply.Chunk(result.id()));
  }

  private static Reply failed(VineyardException reason) {
    return Session.failed(reason);
  }

  private void answer(Reply reply) {
    Session waiting = waitingReader;
    waitingReader = null;
    if (waiting != null) {
      waiting.unparked(reply);
    }
  }

  private void answerEnd() {
    if (end != null) {
      answer(failed(end));
    }
  }

  private static VineyardException endOf(Event.StreamEnded event) {
    return event.code() == 0
        ? VineyardException.of(ErrorCode.STREAM_DRAINED, "no more chunks")
        : VineyardException.of(ErrorCode.of(event.code()), event.message());
  }

  private void leave() {
    HostedReader open = reader;
    reader = null;
    if (open != null) {
      host.closed(open);
    }
  }

  // Events.

  void woken() {
    if (writer != null) {
      writer.woken();
    }
    deliver();
  }

  void returned() {
    if (reader != null) {
      reader.returned();
      deliver();
    }
  }

  void preamble(Event.Preamble event) {
    if (reader != null) {
      reader.preamble(event.bytes());
      deliver();
    }
  }

  void ended(Event.StreamEnded event) {
    if (reader != null) {
      reader.ended(event);
      deliver();
    }
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
          failed(VineyardException.of(ErrorCode.STREAM_FAILED, "stream " + id + " was dropped")));
    }
  }

  // Ends.

  /** A client is gone. */
  void lost(Session session) {
    if (waitingWriter != null && waitingWriter.session == session) {
      withdrawWriter();
    }
    if (waitingReader == session) {
      waitingReader = null;
    }
    if (writers.remove(session) && writers.isEmpty()) {
      loseWriter(session);
    }
    if (readers.remove(session) && readers.isEmpty()) {
      Rendered unread = reading;
      reading = null;
      leave(); // first, so that what it had is still leased, and goes to the next reader
      if (unread != null) {
        unread.close();
      }
      opensRead = false;
    }
    if (!isKept && writers.isEmpty() && readers.isEmpty()) {
      host.forget(this);
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

  /** The stream goes; its reader's last chunk stays until the reader is done with it. */
  void drop() {
    OpenBlob half = writing;
    writing = null;
    if (half != null) {
      half.abort();
    }
    stopped = true;
    host.hosting().dropStream(id);
    if (writer != null) {
      writer.stopped();
    }
    failWaitingWriter();
    end = VineyardException.of(ErrorCode.STREAM_FAILED, "stream " + id + " was dropped");
    release();
    leave();
    answerEnd();
  }
}
