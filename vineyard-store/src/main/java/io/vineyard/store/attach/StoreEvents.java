package io.vineyard.store.attach;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.Event;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes the events for a store, on the link's thread. */
final class StoreEvents implements Link.Events {
  private static final Logger log = LoggerFactory.getLogger(StoreEvents.class);

  private final AttachedStore store;

  StoreEvents(AttachedStore store) {
    this.store = store;
  }

  @Override
  public void done(Event.Done event) {
    store.requests().answer(event.request(), event);
  }

  @Override
  public void failed(Event.Failed event) {
    VineyardException reason = error(event.code(), event.message());
    if (!store.blobPool().failed(event.request(), reason)
        && !store.streamPool().failed(event.request(), reason)) {
      store.requests().fail(event.request(), reason);
    }
  }

  @Override
  public void segmentLeased(Event.SegmentLeased event) {
    if (!store.blobPool().leased(event) && !store.streamPool().leased(event)) {
      event.segment().close();
    }
  }

  @Override
  public void segmentShared(Event.SegmentShared event) {
    store.segments().share(event.id(), event.segment(), store::segmentMapped);
  }

  @Override
  public void ringShared(Event.RingShared event) {
    MappedSegment memory = SegmentCache.ring(event.segment());
    store.putRing(event.handle(), new SharedRing(memory, event.epoch()));
  }

  @Override
  public void segmentClosed(Event.SegmentClosed event) {
    store.segments().closed(event.id());
  }

  @Override
  public void blobsReclaimed(Event.BlobsReclaimed event) {
    if (!store.blobPool().reclaimed(event.segment(), event.offsets())) {
      store.streamPool().reclaimed(event.segment(), event.offsets());
    }
  }

  @Override
  public void objects(Event.Objects event) {
    store.requests().answer(event.request(), event);
  }

  @Override
  public void stream(Event.Stream event) {
    store.requests().answer(event.request(), event);
  }

  @Override
  public void status(Event.Status event) {
    store.requests().answer(event.request(), event);
  }

  @Override
  public void preamble(Event.Preamble event) {
    ReaderEnd reader = store.reader(event.handle());
    if (reader != null) {
      reader.preamble(event.bytes());
    }
  }

  @Override
  public void streamEnded(Event.StreamEnded event) {
    ReaderEnd reader = store.reader(event.handle());
    if (reader != null) {
      reader.end(event.code() == 0 ? null : error(event.code(), event.message()));
    }
  }

  @Override
  public void wake(Event.Wake event) {
    WriterEnd writer = store.writer(event.handle());
    ReaderEnd reader = store.reader(event.handle());
    if (writer != null) {
      writer.woken();
    } else if (reader != null) {
      reader.woken();
    }
  }

  @Override
  public void returned(Event.Returned event) {
    ReaderEnd reader = store.reader(event.handle());
    if (reader != null) {
      reader.returned();
    }
  }

  @Override
  public void writerStopped(Event.WriterStopped event) {
    WriterEnd writer = store.writer(event.handle());
    if (writer != null) {
      writer.stopped(error(event.code(), event.message()));
    }
  }

  @Override
  public void lost(VineyardException reason) {
    store.lost(reason);
  }

  /**
   * Runs what a user of a stream gave to be told. It may be broken, which must not end the thread
   * that everybody's events come by.
   */
  static void tell(StreamInfo stream, Runnable listener) {
    try {
      listener.run();
    } catch (RuntimeException broken) {
      log.error("A user of {} failed at being told", stream.describe(), broken);
    }
  }

  private static VineyardException error(int code, @Nullable String message) {
    return VineyardException.of(ErrorCode.of(code), String.valueOf(message));
  }
}
