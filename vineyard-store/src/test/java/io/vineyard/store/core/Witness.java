package io.vineyard.store.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A client of tables in this thread, which remembers what it was told. */
final class Witness implements EventSink, AutoCloseable {
  final List<Event> events = new ArrayList<>();
  boolean ready = true;
  @Nullable VineyardException reason;
  private final AttachedClient client;

  Witness(StoreCore core, String name) {
    client = core.attach(name, this);
  }

  /** Makes tables whose segments are there at once. */
  static StoreCore core(StoreLimits limits) {
    return new StoreCore(
        limits,
        (capacity, done) -> done.complete(Segment.create("test", capacity), null),
        java.time.Clock.systemUTC());
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

  @Override
  public void detached(VineyardException why) {
    reason = why;
  }

  void say(Command... commands) {
    for (Command command : commands) {
      client.handle(command);
    }
  }

  void becomeReady() {
    ready = true;
    client.ready();
  }

  /** Says something, and returns what it was told first thereafter. */
  <T extends Event> T ask(Class<T> type, Command command) {
    int before = events.size();
    say(command);
    assertThat(events).as("events").hasSizeGreaterThan(before);
    assertThat(events.get(before)).isInstanceOf(type);
    return type.cast(events.get(before));
  }

  /** Leases, and says that it has mapped, a segment of a page. */
  long segment(long request) {
    Event.SegmentLeased leased =
        ask(Event.SegmentLeased.class, new Command.LeaseSegment(request, 4096, 4096));
    say(new Command.SegmentMapped(leased.id()));
    return leased.id();
  }

  <T extends Event> List<T> all(Class<T> type) {
    return events.stream().filter(type::isInstance).map(type::cast).toList();
  }

  @Override
  public void close() {
    client.detach(
        VineyardException.of(io.vineyard.store.ErrorCode.ALREADY_STOPPED, "the test is over"));
  }
}
