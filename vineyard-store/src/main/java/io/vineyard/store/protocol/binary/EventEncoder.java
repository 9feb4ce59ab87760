package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.message.Event;

/**
 * Writes events as frames, one after the other, into one buffer. The segment of an event goes
 * another way: it is only announced here.
 */
public final class EventEncoder implements Event.Handler {
  static final SegmentCodecs.SegmentClosedCodec SEGMENT_CLOSED =
      new SegmentCodecs.SegmentClosedCodec();
  static final SegmentCodecs.BlobsReclaimedCodec BLOBS_RECLAIMED =
      new SegmentCodecs.BlobsReclaimedCodec();
  static final ObjectCodecs.ObjectsCodec OBJECTS = new ObjectCodecs.ObjectsCodec();
  static final RequestCodecs.DoneCodec DONE = new RequestCodecs.DoneCodec();
  static final RequestCodecs.FailedCodec FAILED = new RequestCodecs.FailedCodec();
  static final RequestCodecs.StatusCodec STATUS = new RequestCodecs.StatusCodec();
  static final StreamCodecs.StreamCodec STREAM = new StreamCodecs.StreamCodec();
  static final StreamCodecs.StreamEndedCodec STREAM_ENDED = new StreamCodecs.StreamEndedCodec();
  static final StreamCodecs.WriterStoppedCodec WRITER_STOPPED =
      new StreamCodecs.WriterStoppedCodec();
  static final ChunkCodecs.PreambleCodec PREAMBLE = new ChunkCodecs.PreambleCodec();
  static final ChunkCodecs.WokenCodec WAKE = new ChunkCodecs.WokenCodec();
  static final ChunkCodecs.ReturnedCodec RETURNED = new ChunkCodecs.ReturnedCodec();
  static final SegmentCodecs.SegmentAnnouncedCodec SEGMENT_ANNOUNCED =
      new SegmentCodecs.SegmentAnnouncedCodec();
  static final SegmentCodecs.RingAnnouncedCodec RING_ANNOUNCED =
      new SegmentCodecs.RingAnnouncedCodec();

  private final ByteBuf out;

  /** Makes an encoder that writes into a buffer of its caller. */
  public EventEncoder(ByteBuf out) {
    this.out = out;
  }

  @Override
  public void segmentLeased(Event.SegmentLeased event) {
    SEGMENT_ANNOUNCED.write(
        new SegmentAnnounced(event.request(), event.id(), event.segment().capacityBytes()), out);
  }

  @Override
  public void segmentShared(Event.SegmentShared event) {
    SEGMENT_ANNOUNCED.write(
        new SegmentAnnounced(0, event.id(), event.segment().capacityBytes()), out);
  }

  @Override
  public void segmentClosed(Event.SegmentClosed event) {
    SEGMENT_CLOSED.write(event, out);
  }

  @Override
  public void blobsReclaimed(Event.BlobsReclaimed event) {
    Primitives.inParts(
        event.offsets(),
        offsets -> BLOBS_RECLAIMED.write(new Event.BlobsReclaimed(event.segment(), offsets), out));
  }

  @Override
  public void objects(Event.Objects event) {
    OBJECTS.write(event, out);
  }

  @Override
  public void done(Event.Done event) {
    DONE.write(event, out);
  }

  @Override
  public void failed(Event.Failed event) {
    FAILED.write(event, out);
  }

  @Override
  public void status(Event.Status event) {
    STATUS.write(event, out);
  }

  @Override
  public void stream(Event.Stream event) {
    STREAM.write(event, out);
  }

  @Override
  public void streamEnded(Event.StreamEnded event) {
    STREAM_ENDED.write(event, out);
  }

  @Override
  public void writerStopped(Event.WriterStopped event) {
    WRITER_STOPPED.write(event, out);
  }

  @Override
  public void preamble(Event.Preamble event) {
    PREAMBLE.write(event, out);
  }

  @Override
  public void ringShared(Event.RingShared event) {
    RING_ANNOUNCED.write(
        new RingAnnounced(event.handle(), event.epoch(), event.segment().capacityBytes()), out);
  }

  @Override
  public void wake(Event.Wake event) {
    WAKE.write(event, out);
  }

  @Override
  public void returned(Event.Returned event) {
    RETURNED.write(event, out);
  }
}
