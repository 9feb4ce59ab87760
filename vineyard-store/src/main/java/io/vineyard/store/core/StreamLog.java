package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamInfo.State;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.ChunkBody;
import io.vineyard.store.message.Event;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One stream: an ordered log of chunks, its window, its writer, and its reader.
 *
 * <p>A chunk is in exactly one place: {@code fresh} until it is delivered for the first time,
 * leased to a reader, or {@code returned} by a reader that did not release it. Returned chunks have
 * lower positions than fresh ones, so they are delivered first.
 */
final class StreamLog {
  /** About what the tables need for a chunk beside its header. */
  private static final long CHUNK_BYTES = 256;

  final long id;
  final StreamSpec spec;
  private final StreamTable table;
  private final ArrayDeque<ChunkEntry> fresh = new ArrayDeque<>();
  private final TreeMap<Long, ChunkEntry> returned = new TreeMap<>();

  private State state = State.OPEN;
  private boolean dropped;
  private boolean stopped;
  private int endCode;
  private String endMessage = "";
  private boolean endSeen;
  private @Nullable ByteBuffer preamble;

  private @Nullable AttachedClient writer;
  private long writerHandle;
  private @Nullable ReaderCursor reader;

  private long publishedChunks;
  private long publishedBytes;
  private long releasedChunks;
  private long releasedBytes;
  private long leasedChunks;

  StreamLog(StreamTable table, long id, StreamSpec spec) {
    this.table = table;
    this.id = id;
    this.spec = spec;
  }

  StreamInfo info() {
    boolean hasWriter = writer != null && state == State.OPEN && !dropped;
    return new StreamInfo(
        new ObjectId(id),
        spec,
        state,
        publishedChunks,
        publishedBytes,
        releasedChunks,
        releasedBytes,
        leasedChunks,
        hasWriter,
        reader != null);
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
    if (writer != null) {
      throw VineyardException.of(
          ErrorCode.STREAM_OPENED,
          "expected a stream without writer, " + describe() + " is written by " + writer);
    }
    writer = client;
    writerHandle = handle;
    client.writers.put(handle, this);
  }

  void openReader(AttachedClient client, long handle) {
    if (reader != null) {
      throw VineyardException.of(
          ErrorCode.STREAM_OPENED,
          "expected a stream without reader, " + describe() + " is read by " + reader.client);
    }
    reader = new ReaderCursor(this, client, handle);
    client.readers.put(handle, reader);
  }

  /** What a new reader is to know first; called when it has been told that it is open. */
  void welcome(ReaderCursor cursor) {
    if (preamble != null) {
      cursor.client.send(new Event.Preamble(cursor.handle, preamble.duplicate()));
    }
    deliver();
  }

  void preamble(ByteBuffer bytes) {
    if (preamble != null || dropped || stopped || !holds(bytes.remaining())) {
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

  /** Takes a chunk from the writer. */
  void publish(ChunkBody body, SegmentEntry[] segments, BlobEntry[] blobs) {
    if (!stopped) {
      checkWindow(body);
    }
    if (stopped || !holds(heldBytes(body))) {
      refuse(body);
      return;
    }
    ChunkEntry chunk = new ChunkEntry(publishedChunks, body, segments, blobs);
    publishedChunks++;
    publishedBytes += body.dataBytes();
    for (SegmentEntry segment : segments) {
      table.segments.use(segment);
    }
    for (BlobEntry blob : blobs) {
      table.blobs.retain(blob);
    }
    if (dropped) {
      free(chunk);
      reclaim(new long[] {chunk.position()});
      return;
    }
    fresh.addLast(chunk);
    deliver();
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

  /** Gives a chunk back that was on its way when its writer was stopped. */
  private void refuse(ChunkBody body) {
    long position = publishedChunks++;
    publishedBytes += body.dataBytes();
    releasedChunks++;
    releasedBytes += body.dataBytes();
    reclaim(new long[] {position});
  }

  private static long heldBytes(ChunkBody body) {
    return CHUNK_BYTES + body.header().remaining();
  }

  private void checkWindow(ChunkBody body) {
    long chunks = publishedChunks - releasedChunks;
    long bytes = publishedBytes - releasedBytes;
    boolean fits = chunks == 0 || body.dataBytes() <= spec.windowBytes() - bytes;
    if (chunks >= spec.windowChunks() || !fits || state != State.OPEN) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected no more than the window of "
              + spec
              + " in state OPEN, got a chunk of "
              + body.dataBytes()
              + " bytes beside "
              + chunks
              + " chunks and "
              + bytes
              + " bytes in state "
              + state);
    }
  }

  void end(State last, int code, String message) {
    if (state != State.OPEN) {
      return;
    }
    state = last;
    endCode = code;
    endMessage = message;
    deliver();
    table.removeIfDrained(this);
  }

  void addCredit(ReaderCursor cursor, long chunks) {
    cursor.addCredit(chunks);
    resume(cursor);
  }

  void resume(ReaderCursor cursor) {
    if (cursor == reader) {
      deliver();
    }
  }

  private void deliver() {
    ReaderCursor cursor = reader;
    if (cursor == null || cursor.isEndSent()) {
      return; // what comes back after the end is for the next reader
    }
    while (cursor.hasCredit() && hasPending() && cursor.client.isReady()) {
      ChunkEntry chunk = returned.isEmpty() ? fresh.poll() : returned.pollFirstEntry().getValue();
      if (chunk != null) {
        lease(cursor, chunk);
      }
    }
    if (state != State.OPEN && !hasPending()) {
      sendEnd(cursor);
    }
  }

  private boolean hasPending() {
    return !fresh.isEmpty() || !returned.isEmpty();
  }

  private void lease(ReaderCursor cursor, ChunkEntry chunk) {
    for (SegmentEntry segment : chunk.segments()) {
      table.segments.share(cursor.client, segment);
    }
    cursor.lease(chunk);
    leasedChunks++;
    table.countLeases(1);
    cursor.client.send(new Event.Delivered(cursor.handle, chunk.position(), chunk.body()));
  }

  private void sendEnd(ReaderCursor cursor) {
    cursor.markEndSent();
    endSeen = true;
    cursor.client.send(new Event.StreamEnded(cursor.handle, endCode, endMessage));
    table.removeIfDrained(this);
  }

  void release(ReaderCursor cursor, long[] positions) {
    int released = 0;
    try {
      for (long position : positions) {
        ChunkEntry chunk = endLease(cursor, position);
        table.countLeases(-1);
        leasedChunks--;
        released++;
        free(chunk);
      }
    } finally {
      reclaim(Arrays.copyOf(positions, released));
    }
    forget(cursor);
    table.removeIfDrained(this);
  }

  private ChunkEntry endLease(ReaderCursor cursor, long position) {
    ChunkEntry chunk = cursor.endLease(position);
    if (chunk == null) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected a position leased to "
              + cursor.client
              + " in "
              + describe()
              + ", got "
              + position);
    }
    return chunk;
  }

  void closeReader(ReaderCursor cursor, long seen) {
    if (seen < 0 || seen > cursor.delivered()) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected a reader that has seen 0 to "
              + cursor.delivered()
              + " chunks of "
              + describe()
              + ", got one that has seen "
              + seen);
    }
    endReader(cursor, seen);
    forget(cursor);
    deliver(); // the next reader may be there already, if this one says it again
    table.removeIfDrained(this);
  }

  /** The client of a reader is gone, and with it all its leases. */
  void loseReader(ReaderCursor cursor) {
    endReader(cursor, 0);
    deliver();
    table.removeIfDrained(this);
  }

  private void endReader(ReaderCursor cursor, long seen) {
    cursor.endLeasesAfter(seen).forEach(this::giveBack);
    cursor.close();
    if (cursor == reader) {
      reader = null;
    }
    endOfDroppedLeases();
  }

  private void giveBack(ChunkEntry chunk) {
    leasedChunks--;
    table.countLeases(-1);
    returned.put(chunk.position(), chunk);
  }

  /** A dropped stream has no next reader: what comes back is freed. */
  private void endOfDroppedLeases() {
    if (dropped) {
      freePending();
    }
  }

  private void forget(ReaderCursor cursor) {
    if (cursor.isClosed() && cursor.leases() == 0) {
      cursor.client.readers.remove(cursor.handle);
    }
  }

  /** Ends the stream for everybody; chunks that readers hold stay until they are released. */
  void drop(String by) {
    String message = describe() + " was dropped by " + by;
    dropped = true;
    if (state == State.OPEN && writer != null) {
      writer.send(
          new Event.WriterStopped(writerHandle, ErrorCode.STREAM_DROPPED.number(), message));
    }
    freePending();
    if (reader != null && !reader.isEndSent()) {
      reader.markEndSent();
      reader.client.send(
          new Event.StreamEnded(reader.handle, ErrorCode.STREAM_DROPPED.number(), message));
    }
  }

  private void freePending() {
    long[] positions = new long[fresh.size() + returned.size()];
    int count = 0;
    for (ChunkEntry chunk : returned.values()) {
      positions[count++] = chunk.position();
      free(chunk);
    }
    for (ChunkEntry chunk : fresh) {
      positions[count++] = chunk.position();
      free(chunk);
    }
    returned.clear();
    fresh.clear();
    reclaim(positions);
  }

  private void free(ChunkEntry chunk) {
    releasedChunks++;
    releasedBytes += chunk.dataBytes();
    table.held.remove(heldBytes(chunk.body()));
    for (BlobEntry blob : chunk.blobs()) {
      table.blobs.release(blob);
    }
    for (SegmentEntry segment : chunk.segments()) {
      table.segments.endUse(segment);
    }
  }

  private void reclaim(long[] positions) {
    if (writer != null && positions.length > 0) {
      writer.send(new Event.Reclaimed(writerHandle, positions));
    }
  }

  boolean isDrained() {
    return state != State.OPEN && endSeen && !hasPending() && leasedChunks == 0;
  }

  /** Returns how the stream ended, for those who come too late. */
  String outcome() {
    return describe()
        + " is over: "
        + state
        + " after "
        + publishedChunks
        + " chunks"
        + (endMessage.isEmpty() ? "" : ", " + endMessage);
  }

  @Override
  public String toString() {
    return describe() + Arrays.asList(state, publishedChunks, releasedChunks);
  }
}
