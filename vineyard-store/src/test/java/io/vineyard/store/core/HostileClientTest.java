package io.vineyard.store.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What no client can do to the tables, nor to another client. */
class HostileClientTest {
  private static final long PAGE_BYTES = 4096;
  private static final long MANY_BYTES = 1 << 20;

  private final int segments = Segment.openCount();
  private CoreStore store;
  private CoreClient client;
  private CoreClient other;

  @BeforeEach
  void attach() {
    attach(CoreStore.ofDefaults());
  }

  private void attach(CoreStore to) {
    store = to;
    client = store.attach("client");
    other = store.attach("other");
  }

  /** Another client takes the place of one that was dropped. */
  private void attachAgain() {
    client.leave();
    client = store.attach("client");
  }

  @AfterEach
  void othersGoOnAndNothingIsLeft() {
    assertThat(other.lost).isNull();
    client.leave();
    Event left =
        other.ask(number -> new Command.ListObjects(number, StreamSpec.RECORD_BATCHES, 100));
    ((Event.Objects) left)
        .metas()
        .forEach(
            meta ->
                other.ask(number -> new Command.DeleteObject(number, meta.requireId().value())));
    other.leave();
    StoreStatus status = store.core.status();
    assertThat(status.leases()).as("leases").isZero();
    assertThat(status.usedBytes()).as("used bytes").isZero();
    store.core.close();
    assertThat(Segment.openCount()).as("open segments").isEqualTo(segments);
  }

  private void assertDropped(ErrorCode code, String words) {
    assertThat(client.lost).as("reason of being dropped").isNotNull();
    assertThat(client.lost.code()).isEqualTo(code);
    assertThat(client.lost).hasMessageContaining(words);
  }

  private static void assertError(VineyardException error, ErrorCode code, String words) {
    assertThat(error.code()).as("%s", error).isEqualTo(code);
    assertThat(error).hasMessageContaining(words);
  }

  private static ObjectMeta text(long chars) {
    return ObjectMeta.builder("t").field("text", "x".repeat((int) chars)).build();
  }

  @Test
  void numberOfAWaitingRequestIsNotUsedTwice() {
    client.tell(new Command.GetName(7, "a", true));
    client.tell(new Command.GetName(7, "b", true));
    assertDropped(ErrorCode.PROTOCOL_ERROR, "expected the number of a request that does not wait");
    ObjectId id = other.stream(StreamSpec.create());
    other.ask(number -> new Command.PutName(number, id.value(), "a"));
    assertThat(client.events).isEmpty();
    other.ask(number -> new Command.DeleteObject(number, id.value()));
  }

  @Test
  void numberOfAWaitingLeaseIsNotUsedTwice() {
    store.slow = true;
    client.tell(new Command.LeaseSegment(7, PAGE_BYTES, PAGE_BYTES));
    client.tell(new Command.LeaseSegment(7, PAGE_BYTES, PAGE_BYTES));
    assertDropped(ErrorCode.PROTOCOL_ERROR, "expected the number of a request that does not wait");
    assertThat(store.makeOne()).isTrue();
    assertThat(store.makeOne()).isFalse();
  }

  @Test
  void segmentsOfOthersAreNotWrittenIn() {
    long segment = other.segment(PAGE_BYTES);
    client.tell(new Command.SealBlob(1, segment, 0, 10));
    assertDropped(ErrorCode.PROTOCOL_ERROR, "expected a segment leased to client");
  }

  @Test
  void blobsLieInsideTheirSegment() {
    long[][] parts = {
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
    };
    for (long[] part : parts) {
      long segment = client.segment(PAGE_BYTES);
      client.tell(new Command.SealBlob(2, segment, part[0], part[1]));
      assertDropped(ErrorCode.PROTOCOL_ERROR, part[1] + " bytes at " + part[0]);
      attachAgain();
    }
  }

  @Test
  void absurdLeasesAreRefused() {
    for (long least : new long[] {0, -1, Long.MIN_VALUE}) {
      VineyardException refusal =
          client.refused(number -> new Command.LeaseSegment(number, least, PAGE_BYTES));
      assertError(refusal, ErrorCode.INVALID, "got " + least);
    }
    for (long least : new long[] {CoreStore.CAPACITY_BYTES + 1, Long.MAX_VALUE}) {
      VineyardException refusal =
          client.refused(number -> new Command.LeaseSegment(number, least, PAGE_BYTES));
      assertError(refusal, ErrorCode.NOT_ENOUGH_MEMORY, "asked for " + least + " bytes");
    }
    client.ask(number -> new Command.LeaseSegment(number, 1, Long.MIN_VALUE));
    client.ask(number -> new Command.LeaseSegment(number, 1, Long.MAX_VALUE));
    assertThat(store.core.status().usedBytes()).isEqualTo(PAGE_BYTES + CoreStore.SEGMENT_BYTES);
  }

  @Test
  void leasesOfOthersAreNotReturned() {
    long blob = other.blob(other.segment(PAGE_BYTES), 0, 10);
    other.ask(number -> new Command.GetObject(number, blob, true));
    client.tell(new Command.ReleaseBlobs(new long[] {blob}));
    assertDropped(ErrorCode.PROTOCOL_ERROR, "expected a blob leased before");
    assertThat(store.core.status().leases()).isEqualTo(1);
    other.tell(new Command.ReleaseBlobs(new long[] {blob}));
    other.ask(number -> new Command.DeleteObject(number, blob));
  }

  @Test
  void leaseThatIsTakenOftenIsReturnedAsOften() {
    long blob = client.blob(client.segment(PAGE_BYTES), 0, 10);
    for (int i = 0; i < 1000; i++) {
      client.ask(number -> new Command.GetObject(number, blob, true));
    }
    client.tell(new Command.ReleaseBlobs(new long[] {blob, blob}));
    assertThat(store.core.status().leases()).isEqualTo(998);
    attachAgain();
    assertThat(store.core.status().leases()).isZero();
    client.ask(number -> new Command.DeleteObject(number, blob));
  }

  @Test
  void chunksLieInSegmentsThatTheWriterKnows() {
    long segment = other.segment(PAGE_BYTES);
    long writer = client.write(client.stream(StreamSpec.create()));
    client.tell(new Command.UseSegment(writer, segment));
    assertDropped(ErrorCode.PROTOCOL_ERROR, "expected a segment leased to client");
  }

  @Test
  void wakesWaitForAClientThatIsNotReady() {
    ObjectId stream = other.stream(StreamSpec.create());
    long writer = other.write(stream);
    long reader = client.read(stream);
    client.ready = false;
    for (int i = 0; i < 1000; i++) {
      other.tell(new Command.Wake(writer));
    }
    assertThat(client.all(Event.Wake.class)).isEmpty();
    client.becomeReady();
    assertThat(client.all(Event.Wake.class)).containsExactly(new Event.Wake(reader));
    client.becomeReady();
    assertThat(client.all(Event.Wake.class)).hasSize(1);
  }

  @Test
  void whatTheTablesHoldIsBounded() {
    attachTo(MANY_BYTES);
    List<ObjectId> streams = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      assertThat(client.all(Event.WriterStopped.class)).isEmpty();
      streams.add(client.stream(StreamSpec.create()));
      long writer = client.write(streams.get(i));
      client.publish(writer, -1, 0);
      client.tell(new Command.SetPreamble(writer, ByteBuffer.allocate((1 << 18) + 1)));
    }
    String full = "at most 1048576 bytes in the tables, got 262145 more";
    assertThat(client.last(Event.WriterStopped.class).message()).contains(full);
    long reader = other.read(streams.get(3));
    assertThat(other.take(reader)).as("a chunk that nobody could read").isEqualTo(-1);
    assertThat(other.last(Event.StreamEnded.class).code())
        .isEqualTo(ErrorCode.LIMIT_REACHED.number());
    VineyardException refusal =
        other.refused(number -> new Command.CreateObject(number, text(1 << 18)));
    assertError(refusal, ErrorCode.LIMIT_REACHED, "in the tables");
    assertThat(client.lost).as("the writer of other streams").isNull();
    other.ask(number -> new Command.DeleteObject(number, streams.get(0).value()));
    other.ask(number -> new Command.CreateObject(number, text(1 << 18)));
  }

  private void attachTo(long heldBytes) {
    client.leave();
    other.leave();
    store.core.close();
    attach(CoreStore.with("heldBytes", heldBytes));
  }

  @Test
  void whatTheTablesHeldIsGivenBack() {
    attachTo(MANY_BYTES);
    for (int i = 0; i < 20; i++) {
      ObjectId stream = other.stream(StreamSpec.create().name("name " + i));
      long writer = other.write(stream);
      other.tell(new Command.SetPreamble(writer, ByteBuffer.allocate(1 << 17)));
      other.ask(number -> new Command.DeleteObject(number, stream.value()));
      other.tell(new Command.SetPreamble(writer, ByteBuffer.allocate(1 << 17)));
      other.tell(new Command.EndStream(writer, 0, ""));
      other.tell(new Command.CloseWriter(writer));
      Event created = other.ask(number -> new Command.CreateObject(number, text(1 << 18)));
      assertThat(created).isInstanceOf(Event.Objects.class);
      long id = ((Event.Objects) created).metas().get(0).requireId().value();
      other.ask(number -> new Command.PutName(number, id, "x".repeat(1000)));
      other.ask(number -> new Command.DeleteObject(number, id));
    }
    assertThat(store.core.status().names()).isZero();
  }

  @Test
  void whatIsSaidOfAStreamAfterItsEndIsNotHeld() {
    attachTo(MANY_BYTES);
    for (int i = 0; i < 20; i++) {
      long writer = client.write(client.stream(StreamSpec.create().windowChunks(1)));
      client.tell(new Command.EndStream(writer, 0, ""));
      client.tell(new Command.SetPreamble(writer, ByteBuffer.allocate(1 << 18)));
      client.tell(new Command.CloseWriter(writer));
    }
    assertThat(client.lost).isNull();
    other.ask(number -> new Command.CreateObject(number, text(1 << 18)));
  }

  @Test
  void streamWhoseNameCannotBeHeldLeavesNothing() {
    attachTo(100);
    long used = store.core.status().usedBytes();
    String name = "x".repeat(101);
    VineyardException refusal =
        client.refused(number -> new Command.CreateStream(number, StreamSpec.named(name)));
    assertError(refusal, ErrorCode.LIMIT_REACHED, "in the tables");
    assertThat(store.core.status().streams()).isZero();
    assertThat(store.core.status().usedBytes()).isEqualTo(used);
  }

  @Test
  void treesAreBoundedInBytesWithAllThatTheyReferTo() {
    attachTo(store.core.limits().heldBytes());
    Event created = client.ask(number -> new Command.CreateObject(number, text(MANY_BYTES)));
    ObjectMeta large = ((Event.Objects) created).metas().get(0);
    ObjectMeta.Builder many = ObjectMeta.builder("t");
    for (int i = 0; i < 4; i++) {
      many.member("member " + i, ObjectMeta.reference(large.requireId()));
    }
    VineyardException refusal =
        client.refused(number -> new Command.CreateObject(number, many.build()));
    assertError(refusal, ErrorCode.META_TREE_INVALID, "and 4194304 bytes");
    assertThat(store.core.status().objects()).isEqualTo(1);
  }

  @Test
  void typesAndPatternsForThemAreShort() {
    String longer = "x".repeat(1025);
    ObjectMeta meta = ObjectMeta.builder(longer).build();
    VineyardException refusal = client.refused(number -> new Command.CreateObject(number, meta));
    assertError(refusal, ErrorCode.META_TREE_INVALID, "of 1025 characters");
    refusal = client.refused(number -> new Command.ListObjects(number, longer, 1));
    assertError(refusal, ErrorCode.INVALID, "at most 1024 characters, got 1025");
  }

  @Test
  void listsAreBoundedInBytes() {
    for (int i = 0; i < 4; i++) {
      client.ask(number -> new Command.CreateObject(number, text(MANY_BYTES)));
    }
    Event.Objects three =
        (Event.Objects) client.ask(number -> new Command.ListObjects(number, "*", 3));
    assertThat(three.metas()).hasSize(3);
    VineyardException refusal = client.refused(number -> new Command.ListObjects(number, "*", 4));
    assertError(refusal, ErrorCode.INVALID, "ask for fewer");
  }

  @Test
  void howAStreamEndedIsToldInFewWords() {
    ObjectId stream = client.stream(StreamSpec.create());
    long writer = client.write(stream);
    client.tell(new Command.EndStream(writer, 43, "x".repeat(9999)));
    client.tell(new Command.CloseWriter(writer));
    long reader = other.read(stream);
    assertThat(other.last(Event.StreamEnded.class).message()).hasSize(4096).endsWith("...");
    other.tell(new Command.CloseReader(reader, true));
    VineyardException late = other.refused(number -> new Command.GetStream(number, stream.value()));
    assertError(late, ErrorCode.STREAM_DRAINED, "is over");
    assertThat(late.getMessage()).hasSizeLessThanOrEqualTo(4096);
  }
}
