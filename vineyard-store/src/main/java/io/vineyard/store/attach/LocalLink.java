package io.vineyard.store.attach;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.core.AttachedClient;
import io.vineyard.store.core.EventSink;
import io.vineyard.store.core.StoreCore;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The link to tables in this JVM. Its thread is the one that owns the tables; what is sent is
 * collected, and one task takes all of it.
 */
public final class LocalLink implements Link, EventSink {
  private final StoreCore core;
  private final Executor loop;
  private final String name;
  private final Runnable onDetached;
  private final Queue<Object> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger queued = new AtomicInteger();
  private final Runnable drain = this::drain;
  private @Nullable AttachedClient client;
  private @Nullable Events events;
  private boolean closing;

  private LocalLink(StoreCore core, Executor loop, String name, Runnable onDetached) {
    this.core = core;
    this.loop = loop;
    this.name = name;
    this.onDetached = onDetached;
  }

  /**
   * Attaches a client.
   *
   * @param core the tables
   * @param loop runs tasks on the thread that owns the tables
   * @param name who the client is, in messages to others
   * @param onDetached told by that thread when the client is detached, however that came
   */
  public static Mono<ObjectStore> connect(
      StoreCore core, Executor loop, String name, Runnable onDetached) {
    return Mono.create(
        sink ->
            execute(
                loop,
                () -> {
                  try {
                    LocalLink link = new LocalLink(core, loop, name, onDetached);
                    link.client = core.attach(name, link);
                    sink.success(AttachedStore.attach(link, core.limits().segmentBytes()));
                  } catch (VineyardException e) {
                    sink.error(e);
                  }
                },
                () -> sink.error(stopped(name))));
  }

  private static VineyardException stopped(String name) {
    return VineyardException.of(
        ErrorCode.STORE_LOST, "expected an open store for " + name + ", it was closed");
  }

  private static void execute(Executor loop, Runnable task, Runnable otherwise) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      otherwise.run();
    }
  }

  @Override
  public void start(Events taker) {
    events = taker;
  }

  @Override
  public void send(Command command) {
    add(command);
  }

  @Override
  public void execute(Runnable task) {
    add(task);
  }

  private void add(Object item) {
    queue.add(item);
    if (queued.getAndIncrement() == 0) {
      execute(loop, drain, queue::clear);
    }
  }

  private void drain() {
    int missed = queued.get();
    do {
      Object item = queue.poll();
      while (item != null) {
        take(item);
        item = queue.poll();
      }
      missed = queued.addAndGet(-missed);
    } while (missed != 0);
  }

  private void take(Object item) {
    if (item instanceof Command command) {
      if (client != null) {
        client.handle(command);
      }
    } else {
      ((Runnable) item).run();
    }
  }

  @Override
  public void close() {
    add(
        (Runnable)
            () -> {
              closing = true;
              if (client != null) {
                client.detach(
                    VineyardException.of(ErrorCode.ALREADY_STOPPED, name + " was closed"));
              }
            });
  }

  @Override
  public void send(Event event) {
    if (events != null) {
      event.accept(events);
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
    return connect(core, loop, name, onDetached);
  }

  @Override
  public String describe() {
    return name;
  }
}
