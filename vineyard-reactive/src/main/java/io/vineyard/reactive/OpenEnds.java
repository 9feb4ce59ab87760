package io.vineyard.reactive;

import io.vineyard.reactive.StreamListener.End;
import io.vineyard.reactive.StreamListener.ReaderTrace;
import io.vineyard.reactive.StreamListener.WriterTrace;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamInfo;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;

/**
 * The open ends of the streams of one client of a store, and who is told of them.
 *
 * <p>They are known whether or not somebody listens, so that who listens late misses none; that
 * costs something when an end is opened and closed, and nothing in between.
 */
final class OpenEnds {
  private static final Logger log = LoggerFactory.getLogger(OpenEnds.class);
  private static final Map<ObjectStore, OpenEnds> STORES =
      Collections.synchronizedMap(new WeakHashMap<>());

  private final List<StreamListener> listeners = new CopyOnWriteArrayList<>();

  /** Guarded by this. */
  private final Set<End> open = Collections.newSetFromMap(new IdentityHashMap<>());

  private OpenEnds() {}

  static OpenEnds of(ObjectStore store) {
    return STORES.computeIfAbsent(store, any -> new OpenEnds());
  }

  Disposable listen(StreamListener listener) {
    synchronized (this) {
      listeners.add(listener);
      open.forEach(end -> tell(listener, any -> any.opened(end)));
    }
    return () -> listeners.remove(listener);
  }

  synchronized void opened(End end) {
    if (open.add(end)) {
      tell(listener -> listener.opened(end));
    }
  }

  synchronized void closed(End end) {
    if (open.remove(end)) {
      tell(listener -> listener.closed(end));
    }
  }

  void failed(Throwable fault) {
    tell(listener -> listener.failed(fault));
  }

  @Nullable WriterTrace writing(StreamInfo stream) {
    return trace(listener -> listener.writing(stream));
  }

  @Nullable ReaderTrace reading(StreamInfo stream) {
    return trace(listener -> listener.reading(stream));
  }

  /** The first who wants to trace does. */
  private <T> @Nullable T trace(Function<StreamListener, @Nullable T> begin) {
    for (StreamListener listener : listeners) {
      try {
        T trace = begin.apply(listener);
        if (trace != null) {
          return trace;
        }
      } catch (RuntimeException broken) {
        log.warn("a listener of streams has failed", broken);
      }
    }
    return null;
  }

  private void tell(Consumer<StreamListener> what) {
    listeners.forEach(listener -> tell(listener, what));
  }

  private static void tell(StreamListener listener, Consumer<StreamListener> what) {
    try {
      what.accept(listener);
    } catch (RuntimeException broken) {
      log.warn("a listener of streams has failed", broken);
    }
  }
}
