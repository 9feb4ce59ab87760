package io.vineyard.store.attach;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** The last reference to a mapped segment is given back while somebody takes one. */
@JCStressTest
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "taken, and still mapped")
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "too late, and unmapped")
@Outcome(id = "1, 0", expect = Expect.FORBIDDEN, desc = "taken of what is unmapped")
@Outcome(id = "0, 1", expect = Expect.FORBIDDEN, desc = "mapped for nobody")
@State
public class SegmentReferenceStress {
  private final MappedSegment segment = new MappedSegment(1, 4096, 1);

  /** Takes a reference: 1 if it got one. */
  @Actor
  public void retain(II_Result result) {
    result.r1 = segment.tryRetain() ? 1 : 0;
  }

  /** Gives the first one back. */
  @Actor
  public void release() {
    segment.release();
  }

  /** Whether there is a reference. */
  @Arbiter
  public void count(II_Result result) {
    result.r2 = segment.tryRetain() ? 1 : 0;
  }
}
