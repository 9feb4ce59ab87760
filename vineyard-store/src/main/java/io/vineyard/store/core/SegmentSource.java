package io.vineyard.store.core;

import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Segment;
import org.jspecify.annotations.Nullable;

/** Makes segments without holding up the thread that owns the tables. */
public interface SegmentSource {

  /**
   * Begins to make a segment.
   *
   * @param capacityBytes its capacity
   * @param done told the outcome by the thread that owns the tables
   */
  void create(long capacityBytes, Done done);

  /**
   * Begins to give a segment back the pages that were taken from it.
   *
   * @param segment still belongs to the caller
   * @param done told the outcome by the thread that owns the tables, with the segment or without
   */
  default void refill(Segment segment, Done done) {
    try {
      segment.reserve();
      done.complete(segment, null);
    } catch (VineyardException e) {
      done.complete(null, e);
    }
  }

  /** Takes a new segment, which it then owns, or the reason why there is none. */
  interface Done {
    /** One of the two is null. */
    void complete(@Nullable Segment segment, @Nullable VineyardException failure);
  }
}
