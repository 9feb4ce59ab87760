package io.vineyard.benchmarks.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** A slot is used again, for another chunk, as soon as its first one is released. */
@JCStressTest
@Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "not there yet")
@Outcome(id = "8", expect = Expect.ACCEPTABLE, desc = "the second chunk, whole")
@Outcome(id = "7", expect = Expect.FORBIDDEN, desc = "the first chunk again")
@Outcome(id = "-1", expect = Expect.FORBIDDEN, desc = "torn")
@State
public class ReuseStress {
  private final SmallRing ring = new SmallRing();
  private final int slot;

  /** Begins with a full ring, whose chunks are leased. */
  public ReuseStress() {
    ring.publish(7);
    ring.publish(7);
    slot = ring.lease();
    ring.lease();
  }

  /** The writer, which takes the slot as soon as it may. */
  @Actor
  public void publish() {
    if (ring.reclaim() > 0) {
      ring.publish(8);
    }
  }

  /** The reader, which releases and then looks. */
  @Actor
  public void read(I_Result result) {
    ring.reader.release(slot, 0);
    result.r1 = ring.next();
  }
}
