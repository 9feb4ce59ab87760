package io.vineyard.benchmarks.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A reader goes to sleep while a chunk is published. */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "it saw the chunk")
@Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "it was woken, and saw the chunk")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "it sleeps, and is woken")
@Outcome(id = "1, 0", expect = Expect.FORBIDDEN, desc = "it sleeps, and nobody wakes it")
@State
public class ReaderSleepStress {
  private final SmallRing ring = new SmallRing();

  /** The reader: 1 if it sleeps. */
  @Actor
  public void sleep(II_Result result) {
    result.r1 = ring.next() == 0 && ring.reader.sleep() ? 1 : 0;
  }

  /** The writer: 1 if it wakes the reader. */
  @Actor
  public void publish(II_Result result) {
    ring.publish(7);
    result.r2 = ring.writer.wakesReader() ? 1 : 0;
  }
}
