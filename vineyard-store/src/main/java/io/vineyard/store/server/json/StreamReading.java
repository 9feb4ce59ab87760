package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.vineyard.ChunkViews;
import io.vineyard.store.message.Event;
import io.vineyard.store.protocol.json.Reply;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The reading side of a stream, for clients who ask for a chunk at a time. */
final class StreamReading {
  private final VineyardHost host;
  private final HostedStream stream;
  private final ChunkViews views = new ChunkViews();
  private final Set<Session> readers = new HashSet<>();
  private @Nullable HostedReader reader;
  private @Nullable VineyardException end;
  private @Nullable Session waitingReader;

  // What a client reads; it is done with it when it asks for the next one.
  private @Nullable Rendered reading;
  private @Nullable Session readingClient;

  // What is on the way to a client, or waits for one as the one before is gone.
  private HostedReader.@Nullable Taken rendering;
  private @Nullable Rendered unclaimed;
  private HostedReader.@Nullable Taken unrendered;

  StreamReading(VineyardHost host, HostedStream stream) {
    this.host = host;
    this.stream = stream;
  }

  /** Opens the reading end, unless it is open or the end was seen. */
  @Nullable HostedReader open(Session session) {
    if (reader == null && end == null) {
      reader = host.openReader(stream);
    }
    readers.add(session);
    session.uses(stream);
    return reader;
  }

  /** Returns whether no client reads. */
  boolean isUnused() {
    return readers.isEmpty();
  }

  /** Returns what makes objects of the chunks of clients of our dialect. */
  ChunkViews views() {
    return views;
  }

  void pull(Session session) {
    if (waitingReader != null) {
      throw VineyardException.of(
          ErrorCode.INVALID_STREAM_STATE,
          "expected a stream without a reader that waits, got stream " + stream.id);
    }
    HostedReader open = open(session);
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
    readingClient = null;
    if (done != null) {
      done.done();
    }
  }

  /** Gives the reader that waits what there is for it. */
  void deliver() {
    HostedReader from = reader;
    if (waitingReader == null || rendering != null || from == null) {
      return;
    }
    if (unclaimed != null) {
      hand(unclaimed);
      return;
    }
    HostedReader.Taken chunk = unrendered;
    unrendered = null;
    try {
      chunk = chunk == null ? from.next() : chunk;
    } catch (VineyardException damaged) {
      answer(Session.failed(damaged));
      return;
    }
    if (chunk != null) {
      render(from, chunk);
    } else if (from.end() != null && !from.looksAgain()) {
      end = endOf(from.end());
      leave();
      answerEnd();
    }
  }

  private void render(HostedReader from, HostedReader.Taken chunk) {
    ObjectId known = stream.chunkIn(chunk.slot());
    if (known != null) {
      hand(new Rendered(known, () -> from.release(chunk), () -> from.putBack(chunk)));
      return;
    }
    rendering = chunk;
    host.chunks()
        .render(
            stream,
            chunk,
            from,
            new Chunks.Taker() {
              @Override
              public void rendered(Rendered result) {
                StreamReading.this.rendered(from, result);
              }

              @Override
              public void failed(VineyardException reason) {
                notRendered(from, chunk, reason);
              }
            });
  }

  /** The reader that it was made for may have gone, and there may be another one. */
  private void rendered(HostedReader from, Rendered result) {
    if (from != reader) {
      result.lost(); // the chunk was put back, and others read it now
      return;
    }
    rendering = null;
    if (waitingReader == null) {
      unclaimed = result;
    } else {
      hand(result);
    }
  }

  private void notRendered(HostedReader from, HostedReader.Taken chunk, VineyardException failure) {
    if (from != reader) {
      return;
    }
    rendering = null;
    if (failure.code().category() == ErrorCode.Category.TRANSIENT) {
      unrendered = chunk; // whoever asks again may be lucky
    } else {
      from.release(chunk);
    }
    answer(Session.failed(failure));
  }

  private void hand(Rendered result) {
    unclaimed = null;
    reading = result;
    readingClient = waitingReader;
    answer(new Reply.Chunk(result.id()));
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
      answer(Session.failed(end));
    }
  }

  private static VineyardException endOf(Event.StreamEnded event) {
    return event.code() == 0
        ? VineyardException.of(ErrorCode.STREAM_DRAINED, "no more chunks")
        : VineyardException.of(ErrorCode.of(event.code()), event.message());
  }

  /** Lets go of the reading end; what it had, and nobody else has, goes to the next one. */
  private void leave() {
    HostedReader open = reader;
    List<HostedReader.Taken> taken =
        Stream.of(unrendered, rendering).filter(Objects::nonNull).toList();
    List<Rendered> lost = Stream.of(reading, unclaimed).filter(Objects::nonNull).toList();
    reader = null;
    unrendered = null;
    rendering = null;
    reading = null;
    readingClient = null;
    unclaimed = null;
    if (open != null) {
      taken.forEach(open::putBack);
      lost.forEach(Rendered::lost);
      host.closed(open);
    }
  }

  /** The stream goes, and its clients with it; what one of them reads stays with that client. */
  void end(VineyardException reason) {
    end = reason;
    if (reading != null && readingClient != null) {
      readingClient.keep(stream.id, reading);
    }
    reading = null;
    readingClient = null;
    leave();
    answerEnd();
    readers.forEach(session -> session.usesNoMore(stream));
  }

  /** The store is closed. */
  void shut() {
    if (reader != null) {
      reader.shut();
    }
  }

  /** A client is gone; returns whether it was the last that reads. */
  boolean lost(Session session) {
    if (waitingReader == session) {
      waitingReader = null;
    }
    if (!readers.remove(session)) {
      return false;
    }
    if (readers.isEmpty()) {
      leave();
      return true;
    }
    if (readingClient == session) {
      leave();
      readAgain();
    }
    return false;
  }

  private void readAgain() {
    if (waitingReader != null) {
      try {
        reader = host.openReader(stream);
        deliver();
      } catch (VineyardException e) {
        answer(Session.failed(e));
      }
    }
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
}
