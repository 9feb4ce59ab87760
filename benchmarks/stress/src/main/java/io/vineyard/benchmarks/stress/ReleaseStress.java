package io.vineyard.benchmarks.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** Two threads release, and so set two bits of one word. */
@JCStressTest
@Outcome(id = "2", expect = Expect.ACCEPTABLE, desc = "both came back")
@Outcome(expect = Expect.FORBIDDEN, desc = "a release was lost, or counted twice")
@State
public class ReleaseStress {
  private final SmallRing ring = new SmallRing();
  private final int first;
  private final int second;

  /** Begins with two leased chunks. */
  public ReleaseStress() {
    ring.publish(7);
    ring.publish(8);
    first = ring.lease();
    second = ring.lease();
  }

  /** Releases one. */
  @Actor
  public void releaseFirst() {
    ring.reader.release(first, 0);
  }

  /** Releases the other one. */
  @Actor
  public void releaseSecond() {
    ring.reader.release(second, 1);
  }

  /** The writer, later. */
  @Arbiter
  public void reclaim(I_Result result) {
    result.r1 = ring.reclaim();
  }
}
