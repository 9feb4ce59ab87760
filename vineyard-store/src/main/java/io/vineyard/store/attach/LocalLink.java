package io.vineyard.store.attach;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.core.AttachedClient;
import io.vineyard.store.core.EventSink;
import io.vineyard.store.core.StoreCore;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** The link to tables in this JVM. Its thread is the one that owns the tables. */
public final class LocalLink implements Link, EventSink, LinkQueue.Taker {
  private static final Logger log = LoggerFactory.getLogger(LocalLink.class);

  private final StoreCore core;
  private final Executor loop;
  private final String name;
  private final Runnable onDetached;
  private final LinkQueue queue;
  private @Nullable AttachedClient client;
  private @Nullable Events events;
  private boolean closing;

  private LocalLink(StoreCore core, Executor loop, String name, Runnable onDetached) {
    this.core = core;
    this.loop = loop;
    this.name = name;
    this.onDetached = onDetached;
    this.queue = new LinkQueue(loop, this);
  }

  /**
   * Attaches a client.
   *
   * @param core the tables
   * @param loop runs tasks on the thread that owns the tables
   * @param name who the client is, in messages to others
   * @param onDetached told by that thread when the client is detached, however that came
   * @param signals where the result is signalled
   */
  public static Mono<ObjectStore> connect(
      StoreCore core, Executor loop, String name, Runnable onDetached, Scheduler signals) {
    return Handover.mono(
        signals,
        handover -> {
          LocalLink link = new LocalLink(core, loop, name, onDetached);
          try {
            loop.execute(() -> link.attach(handover));
          } catch (RejectedExecutionException e) {
            throw VineyardException.of(
                ErrorCode.STORE_LOST, "expected an open store for " + name + ", it was closed", e);
          }
        },
        ObjectStore::close);
  }

  private void attach(Handover<ObjectStore> handover) {
    try {
      client = core.attach(name, this);
      handover.complete(AttachedStore.attach(this, core.limits().segmentBytes()));
    } catch (VineyardException e) {
      handover.fail(e);
    }
  }

  @Override
  public void start(Events taker) {
    events = taker;
  }

  @Override
  public void send(Command command) {
    queue.add(command);
  }

  @Override
  public void execute(Runnable task) {
    queue.add(task);
  }

  @Override
  public void take(Command command) {
    if (client != null) {
      try {
        client.handle(command);
      } catch (RuntimeException e) {
        // The other clients of the tables go on.
        log.error("Dropped {} for an unexpected error", name, e);
        detach(VineyardException.of(ErrorCode.ASSERTION_FAILED, String.valueOf(e), e));
      }
    }
  }

  @Override
  public void flush() {
    // Commands have been carried out as they were taken.
  }

  @Override
  public void close() {
    queue.add(this::detach);
  }

  private void detach() {
    closing = true;
    detach(VineyardException.of(ErrorCode.ALREADY_STOPPED, name + " was closed"));
  }

  private void detach(VineyardException reason) {
    if (client != null) {
      client.detach(reason);
    }
  }

  @Override
  public void send(Event event) {
    Events taker = events;
    if (taker == null) {
      return;
    }
    try {
      event.accept(taker);
    } catch (VineyardException e) {
      // This runs within the command of some other client, which must not pay for it.
      queue.add(() -> detach(e));
    }
  }

  @Override
  public void detached(VineyardException reason) {
    if (events != null && !closing) {
      events.lost(reason);
    }
    onDetached.run();
  }

  @Override
  public Mono<ObjectStore> fork() {
    return connect(core, loop, name, onDetached, Schedulers.parallel());
  }

  @Override
  public String describe() {
    return name;
  }
}
