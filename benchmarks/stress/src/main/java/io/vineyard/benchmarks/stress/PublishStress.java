package io.vineyard.benchmarks.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** A chunk is published while its reader looks. */
@JCStressTest
@Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "not there yet")
@Outcome(id = "7", expect = Expect.ACCEPTABLE, desc = "there, and whole")
@Outcome(id = "-1", expect = Expect.FORBIDDEN, desc = "torn")
@State
public class PublishStress {
  private final SmallRing ring = new SmallRing();

  /** The writer. */
  @Actor
  public void publish() {
    ring.publish(7);
  }

  /** The reader. */
  @Actor
  public void read(I_Result result) {
    result.r1 = ring.next();
  }
}
