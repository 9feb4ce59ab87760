package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamInfo.State;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.Event;
import io.vineyard.store.ring.Ring;
import io.vineyard.store.ring.RingAudit;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One stream: its state, its ends, and its ring, through which chunks go without the store.
 *
 * <p>The store counts what is in the ring, tells readers of the segments that chunks lie in, and
 * takes the place of a writer or reader that is lost.
 */
final class StreamLog {
  final long id;
  final StreamSpec spec;
  private final StreamTable table;
  private final StreamRing ring;
  private final RingAudit audit;

  private State state = State.OPEN;
  private boolean dropped;
  private boolean stopped;
  private int endCode;
  private String endMessage = "";
  private boolean endSeen;
  private @Nullable ByteBuffer preamble;

  private boolean written;
  private @Nullable AttachedClient writer;
  private long writerHandle;
  private @Nullable ReaderCursor reader;
  private final Map<Integer, ReaderCursor> cursors = new HashMap<>();
  private int lastEpoch;

  /** Segments that chunks may lie in. */
  private final Set<SegmentEntry> segments = new HashSet<>();

  /** What chunks of a lost writer lie in, which is kept until they are released. */
  private final Map<Integer, Set<SegmentEntry>> inherited = new HashMap<>();

  StreamLog(StreamTable table, long id, StreamSpec spec, StreamRing ring) {
    this.table = table;
    this.id = id;
    this.spec = spec;
    this.ring = ring;
    this.audit = ring.audit();
  }

  StreamInfo info() {
    boolean hasWriter = writer != null && state == State.OPEN && !dropped;
    RingAudit.Counts counts = audit.count();
    return new StreamInfo(
        new ObjectId(id),
        spec,
        state,
        counts.published(),
        counts.publishedBytes(),
        counts.published() - counts.outstanding(),
        counts.publishedBytes() - counts.outstandingBytes(),
        counts.leased(),
        hasWriter,
        reader != null);
  }

  long leases() {
    return audit.count().leased();
  }

  /** Returns a few words that name the stream in messages. */
  String describe() {
    String name = spec.name();
    return "stream " + new ObjectId(id) + (name == null ? "" : " \"" + name + "\"");
  }

  void openWriter(AttachedClient client, long handle) {
    if (state != State.OPEN) {
      throw VineyardException.of(
          ErrorCode.INVALID_STREAM_STATE,
          "expected an open stream to write, " + describe() + " is " + state);
    }
    if (written) {
      throw VineyardException.of(
          ErrorCode.STREAM_OPENED,
          "expected a stream without writer, " + describe() + " is written by " + writer);
    }
    written = true;
    writer = client;
    writerHandle = handle;
    client.writers.put(handle, this);
    client.send(new Event.RingShared(handle, 0, ring.share()));
  }

  void openReader(AttachedClient client, long handle) {
    if (reader != null) {
      throw VineyardException.of(
          ErrorCode.STREAM_OPENED,
          "expected a stream without reader, " + describe() + " is read by " + reader.client);
    }
    reader = new ReaderCursor(this, client, handle, nextEpoch());
    cursors.put(reader.epoch, reader);
    client.readers.put(handle, reader);
    client.send(new Event.RingShared(handle, reader.epoch, ring.share()));
  }

  private int nextEpoch() {
    if (cursors.size() >= Ring.MOST_EPOCHS - 1) {
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED,
          "expected less than %d readers with leases of %s, got 1 more"
              .formatted(Ring.MOST_EPOCHS, describe()));
    }
    do {
      lastEpoch = lastEpoch % (Ring.MOST_EPOCHS - 1) + 1;
    } while (cursors.containsKey(lastEpoch));
    return lastEpoch;
  }

  /** What a new reader is to know first; called when it has been told that it is open. */
  void welcome(ReaderCursor cursor) {
    segments.removeIf(segment -> !table.segments.isOpen(segment));
    for (SegmentEntry segment : segments) {
      table.segments.share(cursor.client, segment);
    }
    if (preamble != null) {
      cursor.client.send(new Event.Preamble(cursor.handle, preamble.duplicate()));
    }
    if (state != State.OPEN) {
      sendEnd(cursor);
    }
  }

  void preamble(ByteBuffer bytes) {
    boolean late = preamble != null || state != State.OPEN || isUnreadable();
    if (late || !holds(bytes.remaining())) {
      return;
    }
    preamble = bytes;
    if (reader != null) {
      reader.client.send(new Event.Preamble(reader.handle, bytes.duplicate()));
    }
  }

  /** Nobody will ask for it any more. */
  void forgetPreamble() {
    if (preamble != null) {
      table.held.remove(preamble.remaining());
      preamble = null;
    }
  }

  /** Accounts bytes; what the tables can't hold ends this stream, and disturbs nobody else. */
  private boolean holds(long bytes) {
    try {
      table.held.add(bytes);
    } catch (VineyardException full) {
      stopped = true;
      String message = describe() + " was stopped: " + full.getMessage();
      if (writer != null) {
        writer.send(new Event.WriterStopped(writerHandle, full.code().number(), message));
      }
      end(State.FAILED, full.code().number(), message);
    }
    return !stopped;
  }

  /** The writer is about to publish chunks that lie in a segment. */
  void use(SegmentEntry segment) {
    segments.removeIf(known -> !table.segments.isOpen(known));
    segments.add(segment);
    if (reader != null) {
      table.segments.share(reader.client, segment);
    }
  }

  void end(State last, int code, String message) {
    if (state == State.OPEN && !dropped) {
      state = last;
      endCode = code;
      endMessage = message;
      if (reader != null) {
        sendEnd(reader);
      }
    }
    if (isUnreadable()) {
      releasePending();
    }
  }

  private void sendEnd(ReaderCursor cursor) {
    if (!cursor.endSent) {
      cursor.endSent = true;
      cursor.client.send(new Event.StreamEnded(cursor.handle, endCode, endMessage));
    }
  }

  /** The writer has wound up: nothing is outstanding, or nobody will reclaim it. */
  void closeWriter() {
    writer = null;
    inherit();
    table.removeIfOver(this);
  }

  /** The client of the writer is gone. */
  void loseWriter(AttachedClient client) {
    String message = "writer " + client + " of " + describe() + " was lost before it finished";
    end(State.FAILED, ErrorCode.WRITER_LOST.number(), message);
    closeWriter();
  }

  /** Does from now on what the writer did: keeps what chunks lie in until they are released. */
  private void inherit() {
    audit.outstanding(
        slot -> {
          Set<SegmentEntry> kept = new HashSet<>();
          boolean complete = true;
          for (long segment : segmentsOf(slot)) {
            SegmentEntry entry = table.segments.find(segment);
            if (entry == null || !segments.contains(entry)) {
              complete = false;
            } else if (kept.add(entry)) {
              table.segments.use(entry);
            }
          }
          inherited.put(slot, kept);
          if (!complete) {
            audit.releasePending(slot); // its writer did not come to say what it lies in
          }
        });
    segments.removeIf(segment -> segment.uses == 0);
    audit.watchReleases();
    reclaim();
  }

  private long[] segmentsOf(int slot) {
    try {
      return audit.segments(slot);
    } catch (VineyardException corrupted) {
      return new long[0]; // its reader will say so
    }
  }

  private void reclaim() {
    audit.reclaim(this::endUse);
  }

  private void endUse(int slot) {
    Set<SegmentEntry> kept = inherited.remove(slot);
    if (kept != null) {
      kept.forEach(table.segments::endUse);
    }
  }

  /** A reader has something for the writer to see. */
  void wakeWriter() {
    showWriter();
    table.removeIfOver(this);
  }

  private void showWriter() {
    if (writer != null) {
      writer.wake(writerHandle);
    } else {
      audit.watchReleases();
      reclaim();
    }
  }

  /** The writer has something for the reader to see. */
  void wakeReader() {
    if (reader != null) {
      reader.client.wake(reader.handle);
    }
  }

  void closeReader(ReaderCursor cursor, boolean settled) {
    leave(cursor);
    if (settled) {
      settled(cursor);
    } else {
      table.removeIfOver(this);
    }
  }

  private void leave(ReaderCursor cursor) {
    if (cursor == reader) {
      endSeen = isEndSeen();
      reader = null;
    }
  }

  private boolean isEndSeen() {
    return endSeen || (reader != null && reader.endSent && audit.isTaken());
  }

  /** A reader that has left uses the ring no more. */
  void settled(ReaderCursor cursor) {
    forget(cursor);
    cursor.client.readers.remove(cursor.handle);
    table.removeIfOver(this);
  }

  /** The client of a reader is gone, and with it all its leases. */
  void loseReader(ReaderCursor cursor) {
    leave(cursor);
    forget(cursor);
    table.removeIfOver(this);
  }

  private void forget(ReaderCursor cursor) {
    cursors.remove(cursor.epoch);
    int count = audit.returnLeases(cursor.epoch);
    if (isUnreadable()) {
      releasePending();
    } else if (count > 0) {
      endSeen = false;
      if (reader != null) {
        reader.client.send(new Event.Returned(reader.handle));
      }
    }
    // It may have taken it on itself to wake the writer, and not have come to it.
    showWriter();
  }

  boolean isReading(ReaderCursor cursor) {
    return cursor == reader;
  }

  /** Ends the stream for everybody; chunks that readers hold stay until they are released. */
  void drop(String by) {
    String message = describe() + " was dropped by " + by;
    dropped = true;
    if (state == State.OPEN && writer != null) {
      writer.send(
          new Event.WriterStopped(writerHandle, ErrorCode.STREAM_DROPPED.number(), message));
    }
    releasePending();
    if (reader != null && !reader.endSent) {
      reader.endSent = true;
      reader.client.send(
          new Event.StreamEnded(reader.handle, ErrorCode.STREAM_DROPPED.number(), message));
    }
    table.removeIfOver(this);
  }

  private boolean isUnreadable() {
    return dropped || stopped;
  }

  /** What nobody will read any more is as good as read. */
  private void releasePending() {
    audit.releasePending();
    showWriter();
    wakeReader();
  }

  boolean isDrained() {
    return state != State.OPEN && isEndSeen() && audit.isDrained();
  }

  /** Returns whether nobody uses the ring. */
  boolean isAbandoned() {
    return writer == null && cursors.isEmpty();
  }

  /** Frees the ring, which nobody may use any more, this log included. */
  void close() {
    inherited.values().forEach(kept -> kept.forEach(table.segments::endUse));
    inherited.clear();
    ring.close();
  }

  /** Returns how the stream ended, for those who come too late. */
  String outcome() {
    return describe()
        + " is over: "
        + state
        + " after "
        + audit.count().published()
        + " chunks"
        + (endMessage.isEmpty() ? "" : ", " + endMessage);
  }

  @Override
  public String toString() {
    return describe() + " " + state;
  }
}
