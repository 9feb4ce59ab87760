package io.vineyard.store.attach;

import io.vineyard.store.VineyardException;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * Requests that wait for their answers. Answers are turned into values by the link's thread, and
 * signalled by the scheduler's.
 */
final class Requests {
  /** How a request is made, and how its answer, on the link's thread, leads to a value. */
  record Kind<T>(
      LongFunction<Command> command,
      BiConsumer<Event, Handover<T>> answer,
      @Nullable Consumer<T> undo) {}

  private record Pending<T>(Kind<T> kind, Handover<T> handover) {}

  private final Link link;
  private final Scheduler scheduler;
  private final AtomicLong numbers = new AtomicLong();
  private final Map<Long, Pending<?>> pending = new ConcurrentHashMap<>();
  private volatile @Nullable VineyardException closed;

  Requests(Link link, Scheduler scheduler) {
    this.link = link;
    this.scheduler = scheduler;
  }

  long nextNumber() {
    return numbers.incrementAndGet();
  }

  /** Makes a request when it is subscribed. A value that comes after it was cancelled is undone. */
  <T> Mono<T> ask(Kind<T> kind) {
    return Handover.mono(scheduler, handover -> send(kind, handover), kind.undo);
  }

  private <T> void send(Kind<T> kind, Handover<T> handover) {
    long number = nextNumber();
    pending.put(number, new Pending<>(kind, handover));
    VineyardException reason = closed;
    if (reason != null) {
      fail(number, reason);
      return;
    }
    link.send(kind.command.apply(number));
    handover.onCancel(() -> cancel(number, kind));
  }

  private void cancel(long number, Kind<?> kind) {
    // A request with something to undo stays until its answer says what that is.
    if (kind.undo == null && pending.remove(number) != null) {
      link.send(new Command.CancelRequest(number));
    }
  }

  /** Takes an answer; nothing happens if nobody waits for it. */
  void answer(long number, Event event) {
    Pending<?> request = pending.remove(number);
    if (request != null) {
      answer(request, event);
    }
  }

  private <T> void answer(Pending<T> request, Event event) {
    try {
      request.kind.answer.accept(event, request.handover);
    } catch (VineyardException e) {
      request.handover.fail(e);
    }
  }

  void fail(long number, VineyardException reason) {
    Pending<?> request = pending.remove(number);
    if (request != null) {
      request.handover.fail(reason);
    }
  }

  void close(VineyardException reason) {
    closed = reason;
    List<Long> numbersLeft = new ArrayList<>(pending.keySet());
    numbersLeft.forEach(number -> fail(number, reason));
  }
}
