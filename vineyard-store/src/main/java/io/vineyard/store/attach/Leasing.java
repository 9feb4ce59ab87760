package io.vineyard.store.attach;

import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StoredObject;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.BlobLocation;
import io.vineyard.store.message.Command;
import java.util.ArrayList;
import java.util.List;

/**
 * The leases of an object, whose segments may not be mapped yet; must not reach the object itself.
 */
final class Leasing {
  private final Link link;
  private final ObjectMeta meta;
  private final List<BlobLocation> blobs;
  private final MappedSegment[] segments;

  Leasing(Link link, ObjectMeta meta, List<BlobLocation> blobs, MappedSegment[] segments) {
    this.link = link;
    this.meta = meta;
    this.blobs = blobs;
    this.segments = segments;
  }

  /** Opens the object when all its segments are mapped. */
  void openLater(LeasedBlobs.Asked asked, Handover<StoredObject> handover) {
    await(0, asked, handover);
  }

  private void await(int index, LeasedBlobs.Asked asked, Handover<StoredObject> handover) {
    if (index == segments.length) {
      handover.complete(new LeasedBlobs(meta, parts(), this::close, link.describe(), asked));
      return;
    }
    MappedSegment segment = segments[index];
    segment.whenSettled(
        () -> {
          VineyardException failure = segment.failure();
          if (failure == null) {
            await(index + 1, asked, handover);
          } else {
            close();
            handover.fail(failure);
          }
        });
  }

  private List<LeasedBlobs.Part> parts() {
    List<LeasedBlobs.Part> parts = new ArrayList<>(segments.length);
    for (int i = 0; i < segments.length; i++) {
      BlobLocation blob = blobs.get(i);
      long address = segments[i].address(blob.offset(), blob.sizeBytes());
      parts.add(new LeasedBlobs.Part(new ObjectId(blob.blob()), address, blob.sizeBytes()));
    }
    return parts;
  }

  private void close() {
    SegmentCache.release(segments, segments.length);
    long[] ids = blobs.stream().mapToLong(BlobLocation::blob).toArray();
    if (ids.length > 0) {
      link.send(new Command.ReleaseBlobs(ids));
    }
  }
}
