package io.vineyard.store.attach;

import io.vineyard.store.ChunkDraft;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.ChunkBody;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A chunk before it is published. */
final class Draft implements ChunkDraft {
  private final AttachedStore store;
  private MappedSegment[] segments = new MappedSegment[1];
  private int count;
  private @Nullable ChunkBody body;
  private Runnable onReclaimed = () -> {};

  Draft(AttachedStore store) {
    this.store = store;
  }

  @Override
  public long offsetOf(long address, long sizeBytes) {
    long before = 0;
    for (int i = 0; i < count; i++) {
      long offset = address - segments[i].base();
      if (offset >= 0 && sizeBytes <= segments[i].capacityBytes() - offset) {
        return before + offset;
      }
      before += segments[i].capacityBytes();
    }
    MappedSegment segment = store.findWritable(address, sizeBytes);
    if (segment == null) {
      return -1;
    }
    if (count == segments.length) {
      segments = Arrays.copyOf(segments, count * 2);
    }
    segments[count++] = segment;
    return before + address - segment.base();
  }

  @Override
  public ChunkDraft complete(ByteBuffer header, long dataBytes, Runnable reclaimed) {
    ByteBuffer copy = ChunkBody.copyOfHeader(header);
    long[] ids = count == 0 ? ChunkBody.NONE : new long[count];
    long capacityBytes = 0;
    for (int i = 0; i < count; i++) {
      ids[i] = segments[i].id();
      capacityBytes += segments[i].capacityBytes();
    }
    // memory that several parts of a chunk share was counted for each of them
    long most = Math.min(dataBytes, capacityBytes);
    body = new ChunkBody(ids, ChunkBody.NONE, most, copy);
    onReclaimed = reclaimed;
    return this;
  }

  ChunkBody body() {
    if (body == null) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected a draft that is complete, got one that is not");
    }
    return body;
  }

  Runnable onReclaimed() {
    return onReclaimed;
  }
}
