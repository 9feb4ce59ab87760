package io.vineyard.benchmarks;

import java.time.Duration;

/**
 * How long everything takes.
 *
 * @param warmUp once for each peer, until its code is compiled
 * @param sizeWarmUp before each size of batches
 * @param rounds how many rounds are measured
 * @param round how long each is
 */
record Pace(Duration warmUp, Duration sizeWarmUp, int rounds, Duration round) {
  private static final int ROUNDS = 5;
  private static final int QUICK_ROUNDS = 3;

  /** Returns the pace for benchmarks of so many sizes. */
  static Pace of(Settings settings, int sizes) {
    if (!settings.isQuick()) {
      return new Pace(
          Duration.ofSeconds(15), Duration.ofSeconds(2), ROUNDS, settings.seconds(3, 3));
    }
    // What may be spent on one peer: of all of them together, most of 5 minutes.
    double perSize = (settings.hasPeers() ? 15.0 : 22.0) / sizes;
    Duration round = settings.seconds(0, perSize / (QUICK_ROUNDS + 1));
    return new Pace(
        settings.hasPeers() ? Duration.ofSeconds(7) : Duration.ofSeconds(10),
        round.dividedBy(2),
        QUICK_ROUNDS,
        round);
  }
}
