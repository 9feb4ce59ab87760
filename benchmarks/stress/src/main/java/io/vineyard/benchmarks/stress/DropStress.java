package io.vineyard.benchmarks.stress;

import io.vineyard.store.ring.RingReader;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A reader leases a chunk while the store takes back what nobody will read. */
@JCStressTest
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "the reader has it")
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "the store took it back")
@Outcome(id = "1, 0", expect = Expect.FORBIDDEN, desc = "both have it")
@Outcome(id = "0, 1", expect = Expect.FORBIDDEN, desc = "it is lost")
@State
public class DropStress {
  private final SmallRing ring = new SmallRing();

  /** Begins with a chunk that nobody has leased. */
  public DropStress() {
    ring.publish(7);
  }

  /** The reader: 1 if it has leased the chunk. */
  @Actor
  public void lease(II_Result result) {
    int slot = ring.reader.peek();
    result.r1 = slot != RingReader.NONE && ring.reader.lease(slot) ? 1 : 0;
  }

  /** The store. */
  @Actor
  public void drop() {
    ring.audit.releasePending();
  }

  /** The leases that the store counts. */
  @Arbiter
  public void count(II_Result result) {
    result.r2 = ring.audit.count().leased();
  }
}
