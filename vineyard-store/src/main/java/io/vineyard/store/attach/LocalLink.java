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
import reactor.core.publisher.Mono;

/** The link to tables in this JVM. Its thread is the one that owns the tables. */
public final class LocalLink implements Link, EventSink, LinkQueue.Taker {
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
   */
  public static Mono<ObjectStore> connect(
      StoreCore core, Executor loop, String name, Runnable onDetached) {
    return Mono.create(
        sink -> {
          try {
            loop.execute(
                () -> {
                  try {
                    LocalLink link = new LocalLink(core, loop, name, onDetached);
                    link.client = core.attach(name, link);
                    sink.success(AttachedStore.attach(link, core.limits().segmentBytes()));
                  } catch (VineyardException e) {
                    sink.error(e);
                  }
                });
          } catch (RejectedExecutionException e) {
            sink.error(
                VineyardException.of(
                    ErrorCode.STORE_LOST,
                    "expected an open store for " + name + ", it was closed",
                    e));
          }
        });
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
      client.handle(command);
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
    if (client != null) {
      client.detach(VineyardException.of(ErrorCode.ALREADY_STOPPED, name + " was closed"));
    }
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
