package io.vineyard.store.attach;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import reactor.core.publisher.Mono;

/**
 * The way from a client to its store and back.
 *
 * <p>A link has one thread, on which it hands over events and runs what {@link #execute} is given;
 * nothing that runs there may block or call a user's code.
 */
public interface Link {

  /** Hands over events from now on; called once, before anything is sent. */
  void start(Events events);

  /**
   * Sends a command; never blocks. Commands of one thread keep their order. What is sent after the
   * end of the link is dropped.
   */
  void send(Command command);

  /**
   * Runs a task on the link's thread, after the events that have come already. Does nothing after
   * the end of the link.
   */
  void execute(Runnable task);

  /** Ends the link; the store detaches the client. {@link Events#lost} is not called then. */
  void close();

  /**
   * Waits, after {@link #close}, until what was sent before has left this process, which may be
   * about to end: for a bounded time, and not at all on a thread that must not block.
   */
  default void awaitSent() {}

  /** Makes one more client of the same store. */
  Mono<ObjectStore> fork();

  /** Returns a few words that say where the store is. */
  String describe();

  /** Takes the events of a link, all on its thread. */
  interface Events extends Event.Handler {
    /** The link has ended without {@link Link#close} being called; nothing comes any more. */
    void lost(VineyardException reason);
  }
}
