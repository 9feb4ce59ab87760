package io.vineyard.store.attach;

import io.vineyard.store.ChunkReader;
import io.vineyard.store.message.Event;

/** Makes the reading end of a stream when the store has opened it. */
final class ReaderEnds {
  private final AttachedStore store;
  private final Runnable onAvailable;
  private final String openedAt = CallSite.find();

  ReaderEnds(AttachedStore store, Runnable onAvailable) {
    this.store = store;
    this.onAvailable = onAvailable;
  }

  /** Called by the link's thread, so that no event for the new handle is missed. */
  ChunkReader opened(Event.Stream event) {
    ReaderEnd reader = new ReaderEnd(store, event.request(), event.info(), openedAt, onAvailable);
    store.register(reader);
    return reader;
  }
}
