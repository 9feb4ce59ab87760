package io.vineyard.store.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every bound: what reaches it is answered with a typed error, and nobody else notices. */
class StoreLimitsTest {
  private final int segments = Segment.openCount();
  private CoreStore store;
  private CoreClient client;
  private CoreClient other;

  private void open(String bound, long value) {
    store = CoreStore.with(bound, value);
    client = store.attach("client");
    other = store.attach("other");
  }

  @AfterEach
  void othersGoOnAndNothingIsLeft() {
    if (store != null) {
      assertThat(other.lost).isNull();
      assertThat(other.ask(Command.GetStatus::new)).isInstanceOf(Event.Status.class);
      client.leave();
      other.leave();
      assertThat(store.core.status().leases()).isZero();
      store.core.close();
      assertThat(store.core.status().usedBytes()).isZero();
    }
    assertThat(Segment.openCount()).as("open segments").isEqualTo(segments);
  }

  private static Consumer<VineyardException> code(ErrorCode code) {
    return error -> assertThat(error.code()).as("%s", error).isEqualTo(code);
  }

  private void refuses(ErrorCode code, String said, LongFunction<Command> command) {
    assertThat(client.refused(command)).satisfies(code(code)).hasMessageContaining(said);
    assertThat(client.lost).isNull();
  }

  private static ObjectMeta leaf() {
    return ObjectMeta.builder("test::Leaf").build();
  }

  @Test
  void capacityIsHard() {
    open("capacityBytes", 3 * CoreStore.SEGMENT_BYTES);
    client.segment(CoreStore.SEGMENT_BYTES);
    other.segment(CoreStore.SEGMENT_BYTES);
    refuses(
        ErrorCode.NOT_ENOUGH_MEMORY,
        "asked for 65537 bytes, 65536 of 196608 bytes are free",
        number -> new Command.LeaseSegment(number, CoreStore.SEGMENT_BYTES + 1, 1));
    assertThat(store.core.status().usedBytes()).isEqualTo(2 * CoreStore.SEGMENT_BYTES);
    client.segment(CoreStore.SEGMENT_BYTES);
    assertThat(store.core.status().freeBytes()).isZero();
  }

  @Test
  void segmentsAreOfTheirUsualCapacityUnlessMoreIsNeeded() {
    open("segmentBytes", CoreStore.SEGMENT_BYTES);
    client.ask(number -> new Command.LeaseSegment(number, 1, Long.MAX_VALUE));
    assertThat(store.core.status().usedBytes()).isEqualTo(CoreStore.SEGMENT_BYTES);
    client.segment(2 * CoreStore.SEGMENT_BYTES + 1);
    assertThat(store.core.status().usedBytes()).isEqualTo(3 * CoreStore.SEGMENT_BYTES + 4096);
    refuses(
        ErrorCode.INVALID,
        "at least 1 byte, got 0",
        number -> new Command.LeaseSegment(number, 0, 1));
  }

  @Test
  void capacitiesCountInWholePages() {
    StoreLimits limits = StoreLimits.of(10_000, 5_000);
    assertThat(limits.capacityBytes()).isEqualTo(8192);
    assertThat(limits.segmentBytes()).isEqualTo(8192);
    assertThatThrownBy(() -> StoreLimits.of(4095, 4096)).hasMessageContaining("got 4095");
    assertThatThrownBy(() -> StoreLimits.of(4096, 4095)).hasMessageContaining("got 4095");
  }

  @Test
  void clientsAreCounted() {
    open("clients", 2);
    assertThatThrownBy(() -> store.attach("third"))
        .isInstanceOfSatisfying(VineyardException.class, code(ErrorCode.LIMIT_REACHED))
        .hasMessageContaining("at most 2 clients")
        .hasMessageContaining("third");
    client.leave();
    client = store.attach("third");
  }

  @Test
  void objectsAndBlobsAreCountedTogether() {
    open("objects", 2);
    long segment = client.segment(4096);
    long blob = client.blob(segment, 0, 1);
    assertThat(client.ask(number -> new Command.CreateObject(number, leaf())))
        .isInstanceOf(Event.Objects.class);
    refuses(
        ErrorCode.LIMIT_REACHED,
        "at most 2 objects",
        number -> new Command.SealBlob(number, segment, 64, 1));
    refuses(
        ErrorCode.LIMIT_REACHED,
        "at most 2 objects",
        number -> new Command.CreateObject(number, leaf()));
    assertThat(store.core.status().objects()).isEqualTo(2);
    client.ask(number -> new Command.DeleteObject(number, blob));
    client.blob(segment, 64, 1);
  }

  @Test
  void treeThatDoesNotFitLeavesNothing() {
    open("objects", 2);
    ObjectMeta three =
        ObjectMeta.builder("test::Root").member("a", leaf()).member("b", leaf()).build();
    refuses(
        ErrorCode.LIMIT_REACHED,
        "got 3 more than 0",
        number -> new Command.CreateObject(number, three));
    assertThat(store.core.status().objects()).isZero();
  }

  @Test
  void namesAreCountedThoseOfStreamsAsWell() {
    open("names", 2);
    ObjectId named = client.stream(StreamSpec.named("one"));
    ObjectId nameless = client.stream(StreamSpec.create());
    client.ask(number -> new Command.PutName(number, nameless.value(), "two"));
    refuses(
        ErrorCode.LIMIT_REACHED,
        "at most 2 names",
        number -> new Command.PutName(number, nameless.value(), "three"));
    refuses(
        ErrorCode.LIMIT_REACHED,
        "at most 2 names",
        number -> new Command.CreateStream(number, StreamSpec.named("three")));
    assertThat(store.core.status().streams()).isEqualTo(2);
    assertThat(client.ask(number -> new Command.PutName(number, named.value(), "two")))
        .as("a name that is given anew")
        .isInstanceOf(Event.Done.class);
    refuses(
        ErrorCode.OBJECT_EXISTS,
        "two",
        number -> new Command.CreateStream(number, StreamSpec.named("two")));
    client.ask(number -> new Command.DropName(number, "one"));
    client.stream(StreamSpec.named("three"));
  }

  @Test
  void streamsAreCounted() {
    open("streams", 1);
    ObjectId first = client.stream(StreamSpec.create());
    refuses(
        ErrorCode.LIMIT_REACHED,
        "at most 1 streams",
        number -> new Command.CreateStream(number, StreamSpec.create()));
    client.ask(number -> new Command.DeleteObject(number, first.value()));
    client.stream(StreamSpec.create());
  }

  @Test
  void requestsThatWaitAreCountedForEachClient() {
    open("requestsPerClient", 2);
    store.slow = true;
    client.tell(new Command.LeaseSegment(client.nextNumber(), 1, 1));
    client.tell(new Command.GetName(client.nextNumber(), "never", true));
    refuses(
        ErrorCode.LIMIT_REACHED,
        "at most 2 waiting requests",
        number -> new Command.GetName(number, "never", true));
    refuses(
        ErrorCode.LIMIT_REACHED,
        "at most 2 waiting requests",
        number -> new Command.LeaseSegment(number, 1, 1));
    other.tell(new Command.GetName(other.nextNumber(), "never", true));
    assertThat(other.all(Event.Failed.class)).isEmpty();
    assertThat(store.makeOne()).isTrue();
    client.tell(new Command.GetName(client.nextNumber(), "never", true));
    assertThat(client.all(Event.Failed.class)).hasSize(2);
  }

  @Test
  void streamEndsAreCountedForEachClient() {
    open("endsPerClient", 2);
    ObjectId first = client.stream(StreamSpec.create());
    ObjectId second = client.stream(StreamSpec.create());
    client.write(first);
    long reader = client.read(first);
    refuses(
        ErrorCode.LIMIT_REACHED,
        "at most 2 open stream ends",
        number -> new Command.OpenWriter(number, second.value()));
    refuses(
        ErrorCode.LIMIT_REACHED,
        "at most 2 open stream ends",
        number -> new Command.OpenReader(number, second.value()));
    other.write(second);
    client.tell(new Command.CloseReader(reader, true));
    client.read(second);
  }

  @Test
  void namesAreNoLongerThanAllowed() {
    open("nameBytes", 5);
    ObjectId id = client.stream(StreamSpec.create().typeName("12345"));
    for (String wrong : new String[] {"", "123456"}) {
      String said = "1 to 5 characters, got " + wrong.length();
      refuses(ErrorCode.INVALID, said, n -> new Command.PutName(n, id.value(), wrong));
      refuses(ErrorCode.INVALID, said, n -> new Command.GetName(n, wrong, true));
      refuses(
          ErrorCode.INVALID,
          said,
          n -> new Command.CreateStream(n, StreamSpec.create().typeName(wrong)));
    }
    client.ask(number -> new Command.PutName(number, id.value(), "12345"));
  }

  @Test
  void descriptionsAreNoLargerThanAllowedOrTheirClientGoes() {
    open("headerBytes", 8);
    long writer = client.write(client.stream(StreamSpec.create()));
    client.tell(new Command.SetPreamble(writer, ByteBuffer.allocate(8)));
    assertThat(client.lost).isNull();
    client.tell(new Command.SetPreamble(writer, ByteBuffer.allocate(9)));
    assertThat(client.lost)
        .satisfies(code(ErrorCode.PROTOCOL_ERROR))
        .hasMessageContaining("at most 8 bytes, got 9");
  }

  @Test
  void treesAreNoDeeperAndNoLargerThanAllowed() {
    open("metaDepth", 1);
    ObjectMeta two = ObjectMeta.builder("test::Root").member("a", leaf()).build();
    assertThat(client.ask(number -> new Command.CreateObject(number, two)))
        .isInstanceOf(Event.Objects.class);
    ObjectMeta three = ObjectMeta.builder("test::Root").member("a", two).build();
    refuses(
        ErrorCode.META_TREE_INVALID,
        "at most 1 deep",
        number -> new Command.CreateObject(number, three));
    client.leave();
    other.leave();
    open("metaObjects", 2);
    client.ask(number -> new Command.CreateObject(number, two));
    ObjectMeta wide =
        ObjectMeta.builder("test::Root").member("a", leaf()).member("b", leaf()).build();
    refuses(
        ErrorCode.META_TREE_INVALID,
        "at most 2 objects",
        number -> new Command.CreateObject(number, wide));
  }
}
