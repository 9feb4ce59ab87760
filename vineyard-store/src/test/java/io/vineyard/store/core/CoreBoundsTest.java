package io.vineyard.store.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.ChunkBody;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What no client may do to the tables, or to another client. */
class CoreBoundsTest {
  private static final long CAPACITY_BYTES = 64 << 10;
  private static final int WRITER = 101;
  private static final int READER = 201;
  private static final ChunkBody EMPTY = body(0, 0);

  private StoreCore core;
  private Witness one;
  private Witness other;
  private int segments;

  private static ChunkBody body(int headerBytes, long dataBytes, long... segments) {
    return new ChunkBody(segments, ChunkBody.NONE, dataBytes, ByteBuffer.allocate(headerBytes));
  }

  @BeforeEach
  void attachTwo() {
    segments = Segment.openCount();
    core = Witness.core(StoreLimits.of(CAPACITY_BYTES, CAPACITY_BYTES));
    one = new Witness(core, "one");
    other = new Witness(core, "other");
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(other.reason).as("reason why the other client was detached").isNull();
    one.close();
    other.close();
    StoreStatus status = core.status();
    assertThat(status.usedBytes()).as("used bytes").isZero();
    assertThat(status.leases()).as("leases").isZero();
    assertThat(status.clients()).as("clients").isZero();
    core.close();
    assertThat(Segment.openCount()).as("open segments").isEqualTo(segments);
  }

  private long stream(StreamSpec spec) {
    return one.ask(Event.Stream.class, new Command.CreateStream(1, spec)).info().id().value();
  }

  private void assertDropped(ErrorCode code, String words) {
    VineyardException reason = one.reason;
    assertThat(reason).as("reason of being dropped").isNotNull();
    assertThat(reason.code()).isEqualTo(code);
    assertThat(reason.getMessage()).contains(words);
  }

  private static void assertFailed(Event.Failed failed, ErrorCode code, String words) {
    assertThat(ErrorCode.of(failed.code())).as(failed.message()).isEqualTo(code);
    assertThat(failed.message()).contains(words);
  }

  @Test
  void numberOfAWaitingRequestIsNotUsedTwice() {
    one.say(new Command.GetName(7, "a", true), new Command.GetName(7, "b", true));
    assertDropped(ErrorCode.PROTOCOL_ERROR, "expected the number of a request that does not wait");
    long id =
        other
            .ask(Event.Stream.class, new Command.CreateStream(1, StreamSpec.create()))
            .info()
            .id()
            .value();
    other.ask(Event.Done.class, new Command.PutName(2, id, "a"));
    assertThat(one.all(Event.Done.class)).isEmpty();
  }

  @Test
  void waitingRequestsAreBounded() {
    int most = core.limits().requestsPerClient();
    for (int i = 0; i < most; i++) {
      one.say(new Command.GetName(i, "name " + i, true));
    }
    assertFailed(
        one.ask(Event.Failed.class, new Command.GetName(most, "one more", true)),
        ErrorCode.LIMIT_REACHED,
        "at most " + most);
    one.say(new Command.CancelRequest(0), new Command.GetName(most, "one more", true));
    assertThat(one.all(Event.Failed.class)).hasSize(1);
  }

  @Test
  void segmentsOfOthersAreNotWrittenIn() {
    long segment = other.segment(1);
    one.say(new Command.SealBlob(1, segment, 0, 10));
    assertDropped(ErrorCode.PROTOCOL_ERROR, "expected a segment leased to one");
  }

  @Test
  void blobsLieInsideTheirSegment() {
    for (long[] part :
        new long[][] {
          {-1, 10},
          {0, 0},
          {0, -1},
          {0, 4097},
          {4096, 1},
          {1, 4096},
          {64, Long.MAX_VALUE},
          {Long.MAX_VALUE, 1},
          {Long.MAX_VALUE, Long.MAX_VALUE},
          {Long.MIN_VALUE, Long.MIN_VALUE}
        }) {
      one.close();
      one = new Witness(core, "one");
      long segment = one.segment(1);
      one.say(new Command.SealBlob(2, segment, part[0], part[1]));
      assertDropped(ErrorCode.PROTOCOL_ERROR, part[1] + " bytes at " + part[0]);
    }
  }

  @Test
  void absurdLeasesAreRefused() {
    for (long least : new long[] {0, -1, Long.MIN_VALUE}) {
      assertFailed(
          one.ask(Event.Failed.class, new Command.LeaseSegment(1, least, 4096)),
          ErrorCode.INVALID,
          "got " + least);
    }
    for (long least : new long[] {CAPACITY_BYTES + 1, Long.MAX_VALUE}) {
      assertFailed(
          one.ask(Event.Failed.class, new Command.LeaseSegment(1, least, 4096)),
          ErrorCode.NOT_ENOUGH_MEMORY,
          "asked for " + least + " bytes, " + CAPACITY_BYTES + " of");
    }
    one.ask(Event.SegmentLeased.class, new Command.LeaseSegment(1, 1, Long.MIN_VALUE));
    one.ask(Event.SegmentLeased.class, new Command.LeaseSegment(1, 1, Long.MAX_VALUE));
    assertThat(core.status().usedBytes()).isEqualTo(CAPACITY_BYTES);
  }

  @Test
  void leasesOfOthersAreNotReturned() {
    long segment = other.segment(1);
    long blob = other.ask(Event.Done.class, new Command.SealBlob(2, segment, 0, 10)).value();
    other.say(new Command.GetObject(3, blob, true));
    one.say(new Command.ReleaseBlobs(new long[] {blob}));
    assertDropped(ErrorCode.PROTOCOL_ERROR, "expected a blob leased before");
    assertThat(core.status().leases()).isEqualTo(1);
    other.say(new Command.ReleaseBlobs(new long[] {blob}), new Command.DeleteObject(4, blob));
  }

  @Test
  void blobsThatOthersLeasedAreNotPublished() {
    long segment = other.segment(1);
    long blob = other.ask(Event.Done.class, new Command.SealBlob(2, segment, 0, 10)).value();
    other.say(new Command.GetObject(3, blob, true));
    long id = stream(StreamSpec.create());
    one.say(
        new Command.OpenWriter(WRITER, id),
        new Command.Publish(
            WRITER, new ChunkBody(ChunkBody.NONE, new long[] {blob}, 0, ByteBuffer.allocate(0))));
    assertDropped(ErrorCode.PROTOCOL_ERROR, "expected a blob leased to one");
    other.say(new Command.ReleaseBlobs(new long[] {blob}), new Command.DeleteObject(4, blob));
  }

  @Test
  void chunksLieInSegmentsThatTheWriterKnows() {
    long segment = other.segment(1);
    long id = stream(StreamSpec.create());
    one.say(new Command.OpenWriter(WRITER, id), new Command.Publish(WRITER, body(0, 10, segment)));
    assertDropped(ErrorCode.PROTOCOL_ERROR, "expected a segment that one has mapped");
  }

  @Test
  void chunksHaveNoMoreDataThanTheirSegments() {
    for (long dataBytes : new long[] {-1, 4097, Long.MAX_VALUE, Long.MIN_VALUE}) {
      one.close();
      one = new Witness(core, "one");
      long segment = one.segment(1);
      long id = stream(StreamSpec.create());
      one.say(
          new Command.OpenWriter(WRITER, id),
          new Command.Publish(WRITER, body(0, dataBytes, segment)));
      assertDropped(ErrorCode.PROTOCOL_ERROR, "expected 0 to 4096 bytes of data, got " + dataBytes);
    }
  }

  @Test
  void windowHoldsAgainstWritersThatIgnoreIt() {
    long id = stream(StreamSpec.create().windowChunks(2));
    one.say(
        new Command.OpenWriter(WRITER, id),
        new Command.Publish(WRITER, EMPTY),
        new Command.Publish(WRITER, EMPTY));
    assertThat(one.reason).isNull();
    one.say(new Command.Publish(WRITER, EMPTY));
    assertDropped(ErrorCode.PROTOCOL_ERROR, "expected no more than the window");
  }

  @Test
  void creditIsPositiveAndAddsUpWithoutOverflow() {
    long id = stream(StreamSpec.create());
    one.say(new Command.OpenReader(READER, id));
    other.say(new Command.OpenWriter(WRITER, id));
    one.say(
        new Command.RequestChunks(READER, Long.MAX_VALUE),
        new Command.RequestChunks(READER, Long.MAX_VALUE));
    other.say(new Command.Publish(WRITER, EMPTY));
    assertThat(one.all(Event.Delivered.class)).hasSize(1);
    one.say(new Command.RequestChunks(READER, 0));
    assertDropped(ErrorCode.PROTOCOL_ERROR, "expected credit for at least 1 chunk, got 0");
  }

  @Test
  void readerSeesNoMoreThanWasDelivered() {
    for (long seen : new long[] {-1, 2, Long.MAX_VALUE}) {
      one.close();
      one = new Witness(core, "one");
      long id = stream(StreamSpec.create());
      one.say(new Command.OpenReader(READER, id), new Command.RequestChunks(READER, 1));
      other.say(new Command.OpenWriter(WRITER + seen, id));
      other.say(new Command.Publish(WRITER + seen, EMPTY));
      one.say(new Command.CloseReader(READER, seen));
      assertDropped(ErrorCode.PROTOCOL_ERROR, "has seen 0 to 1 chunks");
    }
  }

  @Test
  void readerClosesOnce() {
    long id = stream(StreamSpec.create());
    other.say(new Command.OpenWriter(WRITER, id));
    other.say(new Command.Publish(WRITER, EMPTY), new Command.Publish(WRITER, EMPTY));
    one.say(
        new Command.OpenReader(READER, id),
        new Command.RequestChunks(READER, 1),
        new Command.CloseReader(READER, 1));
    other.say(new Command.OpenReader(READER, id), new Command.RequestChunks(READER, 1));
    one.say(new Command.CloseReader(READER, 0));
    assertDropped(ErrorCode.PROTOCOL_ERROR, "and is closed");
    assertThat(other.all(Event.Delivered.class))
        .extracting(Event.Delivered::position)
        .containsExactly(1L);
  }

  @Test
  void chunksWaitForASinkThatIsNotReady() {
    long id = stream(StreamSpec.create());
    one.say(new Command.OpenReader(READER, id), new Command.RequestChunks(READER, 10));
    other.say(new Command.OpenWriter(WRITER, id), new Command.Publish(WRITER, EMPTY));
    one.ready = false;
    other.say(
        new Command.Publish(WRITER, EMPTY),
        new Command.Publish(WRITER, EMPTY),
        new Command.EndStream(WRITER, 0, ""));
    assertThat(one.all(Event.Delivered.class)).hasSize(1);
    assertThat(one.all(Event.StreamEnded.class)).isEmpty();
    one.becomeReady();
    assertThat(one.all(Event.Delivered.class))
        .extracting(Event.Delivered::position)
        .containsExactly(0L, 1L, 2L);
    assertThat(one.all(Event.StreamEnded.class)).hasSize(1);
  }

  @Test
  void headersThatTheTablesHoldAreBounded() {
    long most = core.limits().heldBytes();
    int header = core.limits().headerBytes();
    long id = stream(StreamSpec.create().windowChunks(1 << 20));
    one.say(new Command.OpenWriter(WRITER, id));
    // All of them share the bytes of one here.
    ChunkBody large = body(header, 0);
    for (long held = 0; held < most && one.reason == null; held += header) {
      one.say(new Command.Publish(WRITER, large));
    }
    assertDropped(ErrorCode.LIMIT_REACHED, "in the tables, got " + (header + 256) + " more than ");
    other.say(new Command.DeleteObject(1, id));
    stream(other, header);
  }

  /** All that was held is free again. */
  private static void stream(Witness client, int header) {
    long id =
        client
            .ask(Event.Stream.class, new Command.CreateStream(2, StreamSpec.create()))
            .info()
            .id()
            .value();
    client.say(
        new Command.OpenWriter(WRITER, id),
        new Command.SetPreamble(WRITER, ByteBuffer.allocate(header)),
        new Command.Publish(WRITER, body(header, 0)),
        new Command.DeleteObject(3, id),
        new Command.EndStream(WRITER, 0, ""));
  }

  @Test
  void whatTheTablesHoldIsGivenBack() {
    long most = core.limits().heldBytes();
    int header = core.limits().headerBytes();
    for (long held = 0; held < 2 * most; held += 2L * header) {
      stream(other, header);
    }
    String text = "x".repeat(1 << 20);
    for (long held = 0; held < 2 * most; held += text.length()) {
      ObjectMeta meta = ObjectMeta.builder("t").field("text", text).build();
      ObjectMeta created =
          other.ask(Event.Objects.class, new Command.CreateObject(1, meta)).metas().get(0);
      other.ask(Event.Done.class, new Command.DeleteObject(2, created.requireId().value()));
      other.events.clear();
    }
  }

  @Test
  void treesAreBoundedInBytesWithAllThatTheyReferTo() {
    ObjectMeta large = ObjectMeta.builder("t").field("text", "x".repeat(1 << 20)).build();
    ObjectId id =
        one.ask(Event.Objects.class, new Command.CreateObject(1, large)).metas().get(0).requireId();
    ObjectMeta.Builder many = ObjectMeta.builder("t");
    for (int i = 0; i < 4; i++) {
      many.member("member " + i, ObjectMeta.reference(id));
    }
    assertFailed(
        one.ask(Event.Failed.class, new Command.CreateObject(2, many.build())),
        ErrorCode.META_TREE_INVALID,
        core.limits().metaBytes() + " bytes");
    assertThat(core.status().objects()).isEqualTo(1);
  }

  @Test
  void listsAreBoundedInBytes() {
    ObjectMeta large = ObjectMeta.builder("t").field("text", "x".repeat(1 << 20)).build();
    for (int i = 0; i < 4; i++) {
      one.ask(Event.Objects.class, new Command.CreateObject(1, large));
    }
    assertThat(one.ask(Event.Objects.class, new Command.ListObjects(2, "*", 3)).metas()).hasSize(3);
    assertFailed(
        one.ask(Event.Failed.class, new Command.ListObjects(3, "*", 4)),
        ErrorCode.INVALID,
        "ask for fewer");
  }

  @Test
  void howAStreamEndedIsToldInFewWords() {
    long id = stream(StreamSpec.create());
    one.say(
        new Command.OpenWriter(WRITER, id), new Command.EndStream(WRITER, 43, "x".repeat(1 << 20)));
    other.say(new Command.OpenReader(READER, id));
    Event.StreamEnded ended = other.all(Event.StreamEnded.class).get(0);
    assertThat(ended.message()).hasSize(4096).endsWith("...");
    Event.Failed late = other.ask(Event.Failed.class, new Command.GetStream(5, id));
    assertFailed(late, ErrorCode.STREAM_DRAINED, "is over");
    assertThat(late.message()).hasSizeLessThanOrEqualTo(4096);
  }
}
