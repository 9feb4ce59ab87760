package io.vineyard.benchmarks.end;

/** What is done with each batch of a round. */
public enum Work {
  /** One value is written and read, in the first and the last column. */
  HAND_OFF,
  /** Every value is written and summed. */
  PIPELINE,
  /** As a hand-off, one batch at a time, there and back. */
  LATENCY
}
