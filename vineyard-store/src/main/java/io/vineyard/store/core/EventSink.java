package io.vineyard.store.core;

import io.vineyard.store.VineyardException;
import io.vineyard.store.message.Event;

/** Where the events for one client go. Called by the thread that owns the tables; never blocks. */
public interface EventSink {

  /**
   * Passes an event on. An event with a segment brings a reference to it, which whoever gets it in
   * the end closes.
   */
  void send(Event event);

  /**
   * Returns whether it makes sense to wake the client's ends: not while too much waits for the
   * client. It is for the sink to say, by {@link AttachedClient#ready}, that this has changed.
   */
  default boolean isReady() {
    return true;
  }

  /** The client has been detached, because of what it did or because the store was closed. */
  void detached(VineyardException reason);
}
