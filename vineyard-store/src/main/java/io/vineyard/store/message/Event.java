package io.vineyard.store.message;

import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.memory.Segment;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * What the store says to a client.
 *
 * <p>An event with a {@code request} answers the command with that number. A segment is made known
 * by {@link SegmentLeased} or {@link SegmentShared} before anything that lies in it is mentioned.
 */
public sealed interface Event {

  /** Hands this to the method of its type. */
  void accept(Handler handler);

  /** A request is done; the value is an id, a truth or 0, as the command says. */
  record Done(long request, long value) implements Event {
    @Override
    public void accept(Handler handler) {
      handler.done(this);
    }
  }

  /** A request failed. */
  record Failed(long request, int code, String message) implements Event {
    /** Makes the event; a message that is too long is cut. */
    public Failed {
      message = Texts.cut(message);
    }

    @Override
    public void accept(Handler handler) {
      handler.failed(this);
    }
  }

  /**
   * A segment to write in. Whoever gets the event in the end may map the segment, and leaves
   * closing it to the one who passed it on.
   */
  record SegmentLeased(long request, long id, Segment segment) implements Event {
    @Override
    public void accept(Handler handler) {
      handler.segmentLeased(this);
    }
  }

  /** A segment to read in; otherwise as {@link SegmentLeased}. */
  record SegmentShared(long id, Segment segment) implements Event {
    @Override
    public void accept(Handler handler) {
      handler.segmentShared(this);
    }
  }

  /**
   * The ring of a stream, for an end that is being opened; a reader is told its number. Otherwise
   * as {@link SegmentLeased}.
   */
  record RingShared(long handle, int epoch, Segment segment) implements Event {
    @Override
    public void accept(Handler handler) {
      handler.ringShared(this);
    }
  }

  /** Nothing of a segment is in use any more, and it will not be mentioned again. */
  record SegmentClosed(long id) implements Event {
    @Override
    public void accept(Handler handler) {
      handler.segmentClosed(this);
    }
  }

  /** The memory of blobs, which the client had sealed in its segment at these offsets, is back. */
  record BlobsReclaimed(long segment, long[] offsets) implements Event {
    @Override
    public void accept(Handler handler) {
      handler.blobsReclaimed(this);
    }
  }

  /** Objects, and where their blobs lie if they were leased. */
  record Objects(long request, List<ObjectMeta> metas, List<BlobLocation> blobs) implements Event {
    @Override
    public void accept(Handler handler) {
      handler.objects(this);
    }
  }

  /** A stream. */
  record Stream(long request, StreamInfo info) implements Event {
    @Override
    public void accept(Handler handler) {
      handler.stream(this);
    }
  }

  /** The store. */
  record Status(long request, StoreStatus status) implements Event {
    @Override
    public void accept(Handler handler) {
      handler.status(this);
    }
  }

  /** What a reader learns once, before the first chunk. */
  record Preamble(long handle, ByteBuffer bytes) implements Event {
    @Override
    public void accept(Handler handler) {
      handler.preamble(this);
    }
  }

  /** What is in the ring is all there will be for a reader: it ended well if the code is 0. */
  record StreamEnded(long handle, int code, String message) implements Event {
    /** Makes the event; a message that is too long is cut. */
    public StreamEnded {
      message = Texts.cut(message);
    }

    @Override
    public void accept(Handler handler) {
      handler.streamEnded(this);
    }
  }

  /** The other end has woken this one: there is something in the ring. */
  record Wake(long handle) implements Event {
    @Override
    public void accept(Handler handler) {
      handler.wake(this);
    }
  }

  /** Chunks that another reader had leased came back into the ring, for this one. */
  record Returned(long handle) implements Event {
    @Override
    public void accept(Handler handler) {
      handler.returned(this);
    }
  }

  /** A writer's stream was dropped, or is more than the tables can hold. */
  record WriterStopped(long handle, int code, String message) implements Event {
    /** Makes the event; a message that is too long is cut. */
    public WriterStopped {
      message = Texts.cut(message);
    }

    @Override
    public void accept(Handler handler) {
      handler.writerStopped(this);
    }
  }

  /** Takes every event, a method for each type. */
  interface Handler {
    /** Takes {@link Done}. */
    void done(Done event);

    /** Takes {@link Failed}. */
    void failed(Failed event);

    /** Takes {@link SegmentLeased}. */
    void segmentLeased(SegmentLeased event);

    /** Takes {@link SegmentShared}. */
    void segmentShared(SegmentShared event);

    /** Takes {@link RingShared}. */
    void ringShared(RingShared event);

    /** Takes {@link SegmentClosed}. */
    void segmentClosed(SegmentClosed event);

    /** Takes {@link BlobsReclaimed}. */
    void blobsReclaimed(BlobsReclaimed event);

    /** Takes {@link Objects}. */
    void objects(Objects event);

    /** Takes {@link Stream}. */
    void stream(Stream event);

    /** Takes {@link Status}. */
    void status(Status event);

    /** Takes {@link Preamble}. */
    void preamble(Preamble event);

    /** Takes {@link StreamEnded}. */
    void streamEnded(StreamEnded event);

    /** Takes {@link Wake}. */
    void wake(Wake event);

    /** Takes {@link Returned}. */
    void returned(Returned event);

    /** Takes {@link WriterStopped}. */
    void writerStopped(WriterStopped event);
  }
}
