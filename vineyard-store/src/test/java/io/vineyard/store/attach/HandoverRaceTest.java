package io.vineyard.store.attach;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.scheduler.Schedulers;

/**
 * Forbidden: a value that is both received and undone, or neither; received or undone twice; a
 * value after an error; a cancel that is told to nobody although nothing came.
 */
class HandoverRaceTest {
  private static final int ROUNDS = 3000;

  private static final class Outcome implements CoreSubscriber<String> {
    final AtomicInteger received = new AtomicInteger();
    final AtomicInteger ended = new AtomicInteger();
    final AtomicInteger undone = new AtomicInteger();
    final AtomicInteger cancelTold = new AtomicInteger();
    Handover<String> handover;

    @Override
    public void onSubscribe(Subscription subscription) {
      // The race requests, and cancels.
    }

    @Override
    public void onNext(String value) {
      received.incrementAndGet();
    }

    @Override
    public void onComplete() {
      ended.incrementAndGet();
    }

    @Override
    public void onError(Throwable error) {
      ended.incrementAndGet();
    }
  }

  private static Outcome begin() {
    Outcome outcome = new Outcome();
    Handover.<String>mono(
            Schedulers.immediate(),
            handover -> {
              outcome.handover = handover;
              handover.onCancel(outcome.cancelTold::incrementAndGet);
            },
            value -> outcome.undone.incrementAndGet())
        .subscribe(outcome);
    return outcome;
  }

  @Test
  void valueIsReceivedOrUndoneOnce() {
    try (Race race = new Race()) {
      for (int i = 0; i < ROUNDS; i++) {
        Outcome outcome = begin();
        race.run(
            () -> outcome.handover.complete("value"),
            () -> outcome.handover.request(1),
            outcome.handover::cancel);
        assertThat(outcome.received.get() + outcome.undone.get()).as("round %s", i).isEqualTo(1);
      }
    }
  }

  @Test
  void valueThatIsNotCancelledIsReceived() {
    try (Race race = new Race()) {
      for (int i = 0; i < ROUNDS; i++) {
        Outcome outcome = begin();
        race.run(() -> outcome.handover.complete("value"), () -> outcome.handover.request(1));
        assertThat(outcome.received).as("round %s", i).hasValue(1);
        assertThat(outcome.undone).hasValue(0);
        assertThat(outcome.ended).hasValue(1);
      }
    }
  }

  @Test
  void cancelIsToldUnlessTheErrorCameFirst() {
    try (Race race = new Race()) {
      for (int i = 0; i < ROUNDS; i++) {
        Outcome outcome = begin();
        race.run(
            () -> outcome.handover.fail(new IllegalStateException("no")), outcome.handover::cancel);
        int outcomes = outcome.cancelTold.get() + outcome.ended.get();
        assertThat(outcomes).as("round %s", i).isEqualTo(1);
        assertThat(outcome.received).hasValue(0);
      }
    }
  }

  @Test
  void taskForACancelRunsWheneverItIsSet() {
    try (Race race = new Race()) {
      for (int i = 0; i < ROUNDS; i++) {
        Outcome outcome = new Outcome();
        AtomicInteger told = new AtomicInteger();
        Handover.<String>mono(
                Schedulers.immediate(), handover -> outcome.handover = handover, value -> {})
            .subscribe(outcome);
        race.run(() -> outcome.handover.onCancel(told::incrementAndGet), outcome.handover::cancel);
        assertThat(told).as("round %s", i).hasValue(1);
      }
    }
  }
}
