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
 * What clients of Vineyard's dialect read of a stream: one chunk at a time, of which they are done
 * when one of them asks for the next.
 */
final class HostedReading {
  private final VineyardHost host;
  private final HostedStream stream;
  private final ChunkViews views = new ChunkViews();
  private final Set<Session> readers = new HashSet<>();
  private @Nullable HostedReader reader;
  private boolean isOpen;
  private @Nullable Session waiting;
  private @Nullable VineyardException end;

  // What was handed out, and to whom.
  private @Nullable Rendered reading;
  private @Nullable Session readBy;

  // What is made of a chunk may be ready when nobody waits for it, or fail for a while.
  private boolean rendering;
  private @Nullable Rendered unclaimed;
  private HostedReader.@Nullable Taken unrendered;

  HostedReading(VineyardHost host, HostedStream stream) {
    this.host = host;
    this.stream = stream;
  }

  boolean isOpen() {
    return isOpen;
  }

  boolean isUnused() {
    return readers.isEmpty();
  }

  void open(Session session) {
    reader(session);
    isOpen = true;
  }

  private @Nullable HostedReader reader(Session session) {
    if (reader == null && end == null) {
      reader = host.openReader(stream);
    }
    readers.add(session);
    session.uses(stream);
    return reader;
  }

  /** Returns what makes objects of the chunks of clients of our dialect. */
  ChunkViews views() {
    return views;
  }

  void pull(Session session) {
    if (waiting != null) {
      throw HostedStream.state("a stream without a reader that waits, got stream " + stream.id);
    }
    HostedReader open = reader(session);
    release();
    waiting = session;
    session.parked(() -> waiting = null);
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
    readBy = null;
    if (done != null) {
      done.close();
    }
  }

  /** Gives the reader that waits what there is for it. */
  void deliver() {
    HostedReader from = reader;
    if (waiting == null || rendering || from == null) {
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
    } else if (from.end() != null) {
      end = endOf(from.end());
      reader = null;
      host.finished(from);
      answerEnd();
    }
  }

  private void render(HostedReader from, HostedReader.Taken chunk) {
    ObjectId known = stream.chunkIn(chunk.slot());
    if (known != null) {
      hand(new Rendered(known, () -> from.release(chunk)));
      return;
    }
    rendering = true;
    host.chunks()
        .render(
            stream,
            chunk,
            from,
            result -> rendered(from, result),
            failure -> notRendered(from, chunk, failure));
  }

  /** The reader that it was made for may have gone, and there may be another one. */
  private void rendered(HostedReader from, Rendered result) {
    rendering = false;
    if (from != reader) {
      result.close();
      deliver();
    } else if (waiting == null) {
      unclaimed = result;
    } else {
      hand(result);
    }
  }

  private void notRendered(HostedReader from, HostedReader.Taken chunk, VineyardException failure) {
    rendering = false;
    if (from != reader) {
      deliver();
      return;
    }
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
    readBy = waiting;
    answer(new Reply.Chunk(result.id()));
  }

  private void answer(Reply reply) {
    Session asking = waiting;
    waiting = null;
    if (asking != null) {
      asking.unparked(reply);
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

  /** Lets go of the reading end; what is leased goes to the next one. */
  private void leave() {
    HostedReader open = reader;
    reader = null;
    unrendered = null;
    if (open != null) {
      host.closed(open);
    }
    Rendered made = unclaimed;
    unclaimed = null;
    if (made != null) {
      made.close();
    }
    release();
  }

  // Events.

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

  // Ends.

  /** A client is gone. */
  void lost(Session session) {
    if (waiting == session) {
      waiting = null;
    }
    if (!readers.remove(session)) {
      return;
    }
    if (readers.isEmpty()) {
      isOpen = false;
      leave();
    } else if (readBy == session) {
      leave();
      readAgain();
    }
  }

  private void readAgain() {
    if (waiting != null) {
      try {
        reader = host.openReader(stream);
        deliver();
      } catch (VineyardException e) {
        answer(Session.failed(e));
      }
    }
  }

  void drop(VineyardException reason) {
    end = reason;
    release();
    leave();
    answerEnd();
  }
}
