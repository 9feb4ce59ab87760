package io.vineyard.store.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import io.vineyard.store.ring.Descriptor;
import io.vineyard.store.ring.Ring;
import io.vineyard.store.ring.RingReader;
import io.vineyard.store.ring.RingWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;

/** A client of the tables that remembers what it is told, and closes all segments but rings. */
final class CoreClient implements EventSink {
  /** The ring at an end of a stream, and the slots of the chunks that the end has leased. */
  private record End(Mapping mapping, Ring ring, RingReader reader, Map<Long, Integer> slots) {}

  final AttachedClient client;
  final List<Event> events = new ArrayList<>();
  VineyardException lost;
  boolean ready = true;
  private final Map<Long, End> ends = new HashMap<>();
  private final Map<Long, RingWriter> writers = new HashMap<>();
  private long numbers;

  CoreClient(CoreStore store, String name) {
    client = store.core.attach(name, this);
  }

  @Override
  public void send(Event event) {
    events.add(event);
    if (event instanceof Event.SegmentLeased leased) {
      leased.segment().close();
    } else if (event instanceof Event.SegmentShared shared) {
      shared.segment().close();
    } else if (event instanceof Event.RingShared shared) {
      map(shared);
    }
  }

  private void map(Event.RingShared shared) {
    Mapping mapping = shared.segment().map(Segment.Access.READ_WRITE);
    shared.segment().close();
    Ring ring = Ring.open(Mapping.view(mapping.address(), (int) mapping.capacityBytes()));
    RingReader reader = new RingReader(ring, shared.epoch());
    ends.put(shared.handle(), new End(mapping, ring, reader, new HashMap<>()));
  }

  @Override
  public boolean isReady() {
    return ready;
  }

  void becomeReady() {
    ready = true;
    client.ready();
  }

  @Override
  public void detached(VineyardException reason) {
    lost = reason;
  }

  void tell(Command command) {
    client.handle(command);
  }

  void leave() {
    client.detach(VineyardException.of(ErrorCode.CONNECTION_ERROR, "left"));
    ends.values().forEach(end -> end.mapping.close());
    ends.clear();
  }

  long nextNumber() {
    return ++numbers;
  }

  /** Asks, and returns the answer, which must have come. */
  Event ask(LongFunction<Command> command) {
    long number = nextNumber();
    tell(command.apply(number));
    return answer(number);
  }

  /** Returns the answer to a request; null if there is none yet. */
  Event answer(long number) {
    return events.stream().filter(event -> number == number(event)).findFirst().orElse(null);
  }

  private static long number(Event event) {
    if (event instanceof Event.Done done) {
      return done.request();
    } else if (event instanceof Event.Failed failed) {
      return failed.request();
    } else if (event instanceof Event.SegmentLeased leased) {
      return leased.request();
    } else if (event instanceof Event.Objects objects) {
      return objects.request();
    } else if (event instanceof Event.Stream stream) {
      return stream.request();
    }
    return event instanceof Event.Status status ? status.request() : -1;
  }

  /** Asks for what must be refused; returns why. */
  VineyardException refused(LongFunction<Command> command) {
    assertThat(ask(command)).isInstanceOf(Event.Failed.class);
    Event.Failed failed = last(Event.Failed.class);
    return VineyardException.of(ErrorCode.of(failed.code()), failed.message());
  }

  <T extends Event> T last(Class<T> type) {
    List<T> all = all(type);
    assertThat(all).as("events of type %s", type.getSimpleName()).isNotEmpty();
    return all.get(all.size() - 1);
  }

  <T extends Event> List<T> all(Class<T> type) {
    return events.stream().filter(type::isInstance).map(type::cast).toList();
  }

  /** Leases a segment and says that it is mapped; returns its id. */
  long segment(long bytes) {
    Event answer = ask(number -> new Command.LeaseSegment(number, bytes, bytes));
    assertThat(answer).isInstanceOf(Event.SegmentLeased.class);
    long id = ((Event.SegmentLeased) answer).id();
    tell(new Command.SegmentMapped(id));
    return id;
  }

  long blob(long segment, long offset, long bytes) {
    Event answer = ask(number -> new Command.SealBlob(number, segment, offset, bytes));
    assertThat(answer).isInstanceOf(Event.Done.class);
    return ((Event.Done) answer).value();
  }

  ObjectId stream(StreamSpec spec) {
    Event answer = ask(number -> new Command.CreateStream(number, spec));
    assertThat(answer).isInstanceOf(Event.Stream.class);
    return ((Event.Stream) answer).info().id();
  }

  /** Opens the writing end of a stream; returns its handle. */
  long write(ObjectId stream) {
    Event answer = ask(handle -> new Command.OpenWriter(handle, stream.value()));
    assertThat(answer).isInstanceOf(Event.Stream.class);
    return numbers;
  }

  /** Opens the reading end of a stream; returns its handle. */
  long read(ObjectId stream) {
    Event answer = ask(handle -> new Command.OpenReader(handle, stream.value()));
    assertThat(answer).isInstanceOf(Event.Stream.class);
    return numbers;
  }

  /** Publishes a chunk that lies in a segment, or in none; there must be room for it. */
  void publish(long writer, long segment, long bytes) {
    long[] segments = segment < 0 ? new long[0] : new long[] {segment};
    if (segment >= 0) {
      tell(new Command.UseSegment(writer, segment));
    }
    publish(writer, segments, bytes);
  }

  /** Publishes a chunk in a segment that the store was not told of. */
  void publishUnannounced(long writer, long segment, long bytes) {
    publish(writer, new long[] {segment}, bytes);
  }

  private void publish(long writer, long[] segments, long bytes) {
    writers
        .computeIfAbsent(writer, handle -> new RingWriter(ends.get(handle).ring))
        .publish(Descriptor.of(bytes, segments, ByteBuffer.allocate(1)));
  }

  /** Takes back what was released of a writer's chunks; returns how many are left. */
  int reclaim(long writer) {
    RingWriter ring = writers.get(writer);
    if (ring == null) {
      return 0;
    }
    ring.reclaim(slot -> {});
    return ring.outstanding();
  }

  /** Leases the next chunk; returns its position, -1 if there is none. */
  long take(long reader) {
    End end = ends.get(reader);
    int slot = end.reader.peek();
    if (slot == RingReader.NONE) {
      return -1;
    }
    long position = end.reader.position();
    assertThat(end.reader.lease(slot)).isTrue();
    end.slots.put(position, slot);
    return position;
  }

  /** Leases all there is; returns the positions, in their order. */
  List<Long> takeAll(long reader) {
    List<Long> positions = new ArrayList<>();
    for (long position = take(reader); position >= 0; position = take(reader)) {
      positions.add(position);
    }
    return positions;
  }

  /** Looks for what came back from other readers. */
  void findReturned(long reader) {
    ends.get(reader).reader.findReturned();
  }

  /** Releases a chunk, and wakes whoever waits for that. */
  void release(long reader, long position) {
    End end = ends.get(reader);
    assertThat(end.reader.release(end.slots.remove(position), position)).isTrue();
    if (end.reader.wakesWriter(true)) {
      tell(new Command.Wake(reader));
    }
  }
}
