package io.vineyard.store.attach;

import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.BlobLocation;
import io.vineyard.store.message.Command;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/** An object that has been leased, and whose segments may not be mapped yet. */
final class Leasing implements AutoCloseable {
  private final Link link;
  private final ObjectMeta meta;
  private final List<BlobLocation> blobs;
  private final MappedSegment[] segments;
  private final AtomicBoolean over = new AtomicBoolean();

  Leasing(Link link, ObjectMeta meta, List<BlobLocation> blobs, MappedSegment[] segments) {
    this.link = link;
    this.meta = meta;
    this.blobs = blobs;
    this.segments = segments;
  }

  Mono<Leasing> whenMapped() {
    return Mono.create(sink -> await(0, sink));
  }

  private void await(int index, MonoSink<Leasing> sink) {
    if (index == segments.length) {
      sink.success(this);
      return;
    }
    MappedSegment segment = segments[index];
    segment.whenSettled(
        () -> {
          VineyardException failure = segment.failure();
          if (failure == null) {
            await(index + 1, sink);
          } else {
            close();
            sink.error(failure);
          }
        });
  }

  LeasedBlobs open(String takenAt) {
    over.set(true);
    return new LeasedBlobs(link, meta, blobs, segments, takenAt);
  }

  @Override
  public void close() {
    if (over.compareAndSet(false, true)) {
      SegmentCache.release(segments, segments.length);
      long[] ids = blobs.stream().mapToLong(BlobLocation::blob).toArray();
      if (ids.length > 0) {
        link.send(new Command.ReleaseBlobs(ids));
      }
    }
  }
}
