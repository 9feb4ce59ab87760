package io.vineyard.store.message;

import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StreamSpec;
import java.nio.ByteBuffer;

/**
 * What a client says to the store.
 *
 * <p>A command with a {@code request} is answered by exactly one event with the same number, chosen
 * by the client and not in use; {@link OpenWriter} and {@link OpenReader} make that number the
 * {@code handle} of the new end of the stream. All others are one-way: what is wrong with one of
 * them ends the client.
 */
public sealed interface Command {

  /** Hands this to the method of its type. */
  void accept(Handler handler);

  /** Wants a segment to write in, of at least so many bytes and preferably of {@code wanted}. */
  record LeaseSegment(long request, long leastBytes, long wantedBytes) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.leaseSegment(this);
    }
  }

  /** Has mapped a leased segment, so that the store forbids all further writable mappings. */
  record SegmentMapped(long segment) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.segmentMapped(this);
    }
  }

  /** Will not write in a leased segment any more. */
  record ReturnSegment(long segment) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.returnSegment(this);
    }
  }

  /** Seals bytes of a leased segment as a blob; answered by {@link Event.Done} with its id. */
  record SealBlob(long request, long segment, long offset, long sizeBytes) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.sealBlob(this);
    }
  }

  /** Creates an object; answered by {@link Event.Objects} with one. */
  record CreateObject(long request, ObjectMeta meta) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.createObject(this);
    }
  }

  /**
   * Wants an object; answered by {@link Event.Objects}, with the locations of its blobs if they are
   * to be leased.
   */
  record GetObject(long request, long id, boolean lease) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.getObject(this);
    }
  }

  /** Returns one lease for each of these blobs. */
  record ReleaseBlobs(long[] blobs) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.releaseBlobs(this);
    }
  }

  /** Lists objects; answered by {@link Event.Objects}. */
  record ListObjects(long request, String typePattern, int limit) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.listObjects(this);
    }
  }

  /** Deletes an object or drops a stream; answered by {@link Event.Done}. */
  record DeleteObject(long request, long id) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.deleteObject(this);
    }
  }

  /** Persists an object; answered by {@link Event.Done}. */
  record Persist(long request, long id) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.persist(this);
    }
  }

  /** Names an object; answered by {@link Event.Done}. */
  record PutName(long request, long id, String name) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.putName(this);
    }
  }

  /** Wants what has a name, now or as soon as there is one; answered by {@link Event.Done}. */
  record GetName(long request, String name, boolean mayWait) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.getName(this);
    }
  }

  /** Takes a name away; answered by {@link Event.Done} with 1 if there was one, 0 if not. */
  record DropName(long request, String name) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.dropName(this);
    }
  }

  /** Gives up a request that waits; it is not answered then. Of no effect if it was answered. */
  record CancelRequest(long request) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.cancelRequest(this);
    }
  }

  /** Creates a stream; answered by {@link Event.Stream}. */
  record CreateStream(long request, StreamSpec spec) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.createStream(this);
    }
  }

  /** Wants to know about a stream; answered by {@link Event.Stream}. */
  record GetStream(long request, long id) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.getStream(this);
    }
  }

  /** Opens the writing end of a stream; answered by {@link Event.Stream} after its ring. */
  record OpenWriter(long handle, long id) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.openWriter(this);
    }
  }

  /** Opens a reading end of a stream; answered by {@link Event.Stream} after its ring. */
  record OpenReader(long handle, long id) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.openReader(this);
    }
  }

  /** Sets what readers learn once before the first chunk. */
  record SetPreamble(long handle, ByteBuffer bytes) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.setPreamble(this);
    }
  }

  /** Will publish chunks that lie in a segment of its own. */
  record UseSegment(long handle, long segment) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.useSegment(this);
    }
  }

  /** Ends the stream of a writer: well if the code is 0, else with an error. */
  record EndStream(long handle, int code, String message) implements Command {
    /** Makes the command; a message that is too long is cut. */
    public EndStream {
      message = Texts.cut(message);
    }

    @Override
    public void accept(Handler handler) {
      handler.endStream(this);
    }
  }

  /** Ends a writer: all that it published has been reclaimed, and it does not use the ring. */
  record CloseWriter(long handle) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.closeWriter(this);
    }
  }

  /**
   * Ends a reader, which leases nothing any more. Unless it is settled it still has leases, and
   * uses the ring until {@link ReaderSettled}.
   */
  record CloseReader(long handle, boolean settled) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.closeReader(this);
    }
  }

  /** A closed reader has released everything, and does not use the ring any more. */
  record ReaderSettled(long handle) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.readerSettled(this);
    }
  }

  /** Wakes the other end of a stream, which sleeps until there is something in the ring. */
  record Wake(long handle) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.wake(this);
    }
  }

  /** Wants to know about the store; answered by {@link Event.Status}. */
  record GetStatus(long request) implements Command {
    @Override
    public void accept(Handler handler) {
      handler.getStatus(this);
    }
  }

  /** Takes every command, a method for each type. */
  interface Handler {
    /** Takes {@link LeaseSegment}. */
    void leaseSegment(LeaseSegment command);

    /** Takes {@link SegmentMapped}. */
    void segmentMapped(SegmentMapped command);

    /** Takes {@link ReturnSegment}. */
    void returnSegment(ReturnSegment command);

    /** Takes {@link SealBlob}. */
    void sealBlob(SealBlob command);

    /** Takes {@link CreateObject}. */
    void createObject(CreateObject command);

    /** Takes {@link GetObject}. */
    void getObject(GetObject command);

    /** Takes {@link ReleaseBlobs}. */
    void releaseBlobs(ReleaseBlobs command);

    /** Takes {@link ListObjects}. */
    void listObjects(ListObjects command);

    /** Takes {@link DeleteObject}. */
    void deleteObject(DeleteObject command);

    /** Takes {@link Persist}. */
    void persist(Persist command);

    /** Takes {@link PutName}. */
    void putName(PutName command);

    /** Takes {@link GetName}. */
    void getName(GetName command);

    /** Takes {@link DropName}. */
    void dropName(DropName command);

    /** Takes {@link CancelRequest}. */
    void cancelRequest(CancelRequest command);

    /** Takes {@link CreateStream}. */
    void createStream(CreateStream command);

    /** Takes {@link GetStream}. */
    void getStream(GetStream command);

    /** Takes {@link OpenWriter}. */
    void openWriter(OpenWriter command);

    /** Takes {@link OpenReader}. */
    void openReader(OpenReader command);

    /** Takes {@link SetPreamble}. */
    void setPreamble(SetPreamble command);

    /** Takes {@link UseSegment}. */
    void useSegment(UseSegment command);

    /** Takes {@link EndStream}. */
    void endStream(EndStream command);

    /** Takes {@link CloseWriter}. */
    void closeWriter(CloseWriter command);

    /** Takes {@link CloseReader}. */
    void closeReader(CloseReader command);

    /** Takes {@link ReaderSettled}. */
    void readerSettled(ReaderSettled command);

    /** Takes {@link Wake}. */
    void wake(Wake command);

    /** Takes {@link GetStatus}. */
    void getStatus(GetStatus command);
  }
}
