package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.message.Command;

/**
 * Writes commands as frames, one after the other, into one buffer. Lists of numbers that are too
 * long for a frame take several.
 */
public final class CommandEncoder implements Command.Handler {
  static final SegmentCodecs.LeaseSegmentCodec LEASE_SEGMENT =
      new SegmentCodecs.LeaseSegmentCodec();
  static final SegmentCodecs.SegmentMappedCodec SEGMENT_MAPPED =
      new SegmentCodecs.SegmentMappedCodec();
  static final SegmentCodecs.ReturnSegmentCodec RETURN_SEGMENT =
      new SegmentCodecs.ReturnSegmentCodec();
  static final ObjectCodecs.SealBlobCodec SEAL_BLOB = new ObjectCodecs.SealBlobCodec();
  static final ObjectCodecs.CreateObjectCodec CREATE_OBJECT = new ObjectCodecs.CreateObjectCodec();
  static final ObjectCodecs.GetObjectCodec GET_OBJECT = new ObjectCodecs.GetObjectCodec();
  static final ObjectCodecs.ReleaseBlobsCodec RELEASE_BLOBS = new ObjectCodecs.ReleaseBlobsCodec();
  static final ObjectCodecs.ListObjectsCodec LIST_OBJECTS = new ObjectCodecs.ListObjectsCodec();
  static final ObjectCodecs.DeleteObjectCodec DELETE_OBJECT = new ObjectCodecs.DeleteObjectCodec();
  static final ObjectCodecs.PersistCodec PERSIST = new ObjectCodecs.PersistCodec();
  static final RequestCodecs.PutNameCodec PUT_NAME = new RequestCodecs.PutNameCodec();
  static final RequestCodecs.GetNameCodec GET_NAME = new RequestCodecs.GetNameCodec();
  static final RequestCodecs.DropNameCodec DROP_NAME = new RequestCodecs.DropNameCodec();
  static final RequestCodecs.CancelRequestCodec CANCEL_REQUEST =
      new RequestCodecs.CancelRequestCodec();
  static final RequestCodecs.GetStatusCodec GET_STATUS = new RequestCodecs.GetStatusCodec();
  static final StreamCodecs.CreateStreamCodec CREATE_STREAM = new StreamCodecs.CreateStreamCodec();
  static final StreamCodecs.GetStreamCodec GET_STREAM = new StreamCodecs.GetStreamCodec();
  static final StreamCodecs.OpenWriterCodec OPEN_WRITER = new StreamCodecs.OpenWriterCodec();
  static final StreamCodecs.OpenReaderCodec OPEN_READER = new StreamCodecs.OpenReaderCodec();
  static final StreamCodecs.EndStreamCodec END_STREAM = new StreamCodecs.EndStreamCodec();
  static final StreamCodecs.CloseReaderCodec CLOSE_READER = new StreamCodecs.CloseReaderCodec();
  static final ChunkCodecs.SetPreambleCodec SET_PREAMBLE = new ChunkCodecs.SetPreambleCodec();
  static final ChunkCodecs.UseSegmentCodec USE_SEGMENT = new ChunkCodecs.UseSegmentCodec();
  static final ChunkCodecs.CloseWriterCodec CLOSE_WRITER = new ChunkCodecs.CloseWriterCodec();
  static final ChunkCodecs.ReaderSettledCodec READER_SETTLED = new ChunkCodecs.ReaderSettledCodec();
  static final ChunkCodecs.WakeOtherCodec WAKE = new ChunkCodecs.WakeOtherCodec();

  private final ByteBuf out;

  /** Makes an encoder that writes into a buffer of its caller. */
  public CommandEncoder(ByteBuf out) {
    this.out = out;
  }

  @Override
  public void leaseSegment(Command.LeaseSegment command) {
    LEASE_SEGMENT.write(command, out);
  }

  @Override
  public void segmentMapped(Command.SegmentMapped command) {
    SEGMENT_MAPPED.write(command, out);
  }

  @Override
  public void returnSegment(Command.ReturnSegment command) {
    RETURN_SEGMENT.write(command, out);
  }

  @Override
  public void sealBlob(Command.SealBlob command) {
    SEAL_BLOB.write(command, out);
  }

  @Override
  public void createObject(Command.CreateObject command) {
    CREATE_OBJECT.write(command, out);
  }

  @Override
  public void getObject(Command.GetObject command) {
    GET_OBJECT.write(command, out);
  }

  @Override
  public void releaseBlobs(Command.ReleaseBlobs command) {
    Primitives.inParts(
        command.blobs(), blobs -> RELEASE_BLOBS.write(new Command.ReleaseBlobs(blobs), out));
  }

  @Override
  public void listObjects(Command.ListObjects command) {
    LIST_OBJECTS.write(command, out);
  }

  @Override
  public void deleteObject(Command.DeleteObject command) {
    DELETE_OBJECT.write(command, out);
  }

  @Override
  public void persist(Command.Persist command) {
    PERSIST.write(command, out);
  }

  @Override
  public void putName(Command.PutName command) {
    PUT_NAME.write(command, out);
  }

  @Override
  public void getName(Command.GetName command) {
    GET_NAME.write(command, out);
  }

  @Override
  public void dropName(Command.DropName command) {
    DROP_NAME.write(command, out);
  }

  @Override
  public void cancelRequest(Command.CancelRequest command) {
    CANCEL_REQUEST.write(command, out);
  }

  @Override
  public void getStatus(Command.GetStatus command) {
    GET_STATUS.write(command, out);
  }

  @Override
  public void createStream(Command.CreateStream command) {
    CREATE_STREAM.write(command, out);
  }

  @Override
  public void getStream(Command.GetStream command) {
    GET_STREAM.write(command, out);
  }

  @Override
  public void openWriter(Command.OpenWriter command) {
    OPEN_WRITER.write(command, out);
  }

  @Override
  public void openReader(Command.OpenReader command) {
    OPEN_READER.write(command, out);
  }

  @Override
  public void endStream(Command.EndStream command) {
    END_STREAM.write(command, out);
  }

  @Override
  public void closeReader(Command.CloseReader command) {
    CLOSE_READER.write(command, out);
  }

  @Override
  public void setPreamble(Command.SetPreamble command) {
    SET_PREAMBLE.write(command, out);
  }

  @Override
  public void useSegment(Command.UseSegment command) {
    USE_SEGMENT.write(command, out);
  }

  @Override
  public void closeWriter(Command.CloseWriter command) {
    CLOSE_WRITER.write(command, out);
  }

  @Override
  public void readerSettled(Command.ReaderSettled command) {
    READER_SETTLED.write(command, out);
  }

  @Override
  public void wake(Command.Wake command) {
    WAKE.write(command, out);
  }
}
