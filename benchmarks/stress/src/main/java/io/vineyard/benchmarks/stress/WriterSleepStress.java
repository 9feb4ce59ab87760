package io.vineyard.benchmarks.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A writer goes to sleep while a chunk is released. */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "it saw the release")
@Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "it was woken, and saw the release")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "it sleeps, and is woken")
@Outcome(id = "1, 0", expect = Expect.FORBIDDEN, desc = "it sleeps, and nobody wakes it")
@State
public class WriterSleepStress {
  private final SmallRing ring = new SmallRing();
  private final int slot;

  /** Begins with a leased chunk. */
  public WriterSleepStress() {
    ring.publish(7);
    slot = ring.lease();
  }

  /** The writer: 1 if it sleeps. */
  @Actor
  public void sleep(II_Result result) {
    result.r1 = ring.writer.sleep(1) ? 1 : 0;
  }

  /** Whoever releases: 1 if it wakes the writer. */
  @Actor
  public void release(II_Result result) {
    ring.reader.release(slot, 0);
    result.r2 = ring.reader.wakesWriter(false) ? 1 : 0;
  }
}
