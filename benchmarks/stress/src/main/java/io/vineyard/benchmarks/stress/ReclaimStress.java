package io.vineyard.benchmarks.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Chunks are released while the writer takes back. */
@JCStressTest
@Outcome(id = "0, 2", expect = Expect.ACCEPTABLE, desc = "both later")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "one at once")
@Outcome(id = "2, 0", expect = Expect.ACCEPTABLE, desc = "both at once")
@Outcome(expect = Expect.FORBIDDEN, desc = "a slot that came back twice, or never")
@State
public class ReclaimStress {
  private final SmallRing ring = new SmallRing();
  private final int first;
  private final int second;

  /** Begins with two leased chunks. */
  public ReclaimStress() {
    ring.publish(7);
    ring.publish(8);
    first = ring.lease();
    second = ring.lease();
  }

  /** Releases both. */
  @Actor
  public void release() {
    ring.reader.release(first, 0);
    ring.reader.release(second, 1);
  }

  /** The writer. */
  @Actor
  public void reclaim(II_Result result) {
    result.r1 = ring.reclaim();
  }

  /** What was left. */
  @Arbiter
  public void rest(II_Result result) {
    result.r2 = ring.reclaim();
  }
}
