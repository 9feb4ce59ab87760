package io.vineyard.store.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.ChunkBody;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/** A client of the tables that remembers what it is told, and closes segments at once. */
final class CoreClient implements EventSink {
  final AttachedClient client;
  final List<Event> events = new ArrayList<>();
  VineyardException lost;
  boolean ready = true;
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
    }
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

  /** Opens the reading end of a stream with credit; returns its handle. */
  long read(ObjectId stream, long credit) {
    Event answer = ask(handle -> new Command.OpenReader(handle, stream.value()));
    assertThat(answer).isInstanceOf(Event.Stream.class);
    long handle = numbers;
    if (credit > 0) {
      tell(new Command.RequestChunks(handle, credit));
    }
    return handle;
  }

  void publish(long writer, long segment, long bytes) {
    long[] segments = segment < 0 ? ChunkBody.NONE : new long[] {segment};
    tell(
        new Command.Publish(
            writer, new ChunkBody(segments, ChunkBody.NONE, bytes, ByteBuffer.allocate(1))));
  }

  /** Returns the positions delivered to a reader, in their order. */
  List<Long> positions(long reader) {
    return all(Event.Delivered.class).stream()
        .filter(chunk -> chunk.handle() == reader)
        .map(Event.Delivered::position)
        .toList();
  }
}
