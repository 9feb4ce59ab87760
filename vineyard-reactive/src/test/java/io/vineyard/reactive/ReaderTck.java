package io.vineyard.reactive;

import java.util.concurrent.TimeUnit;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;
import reactor.core.publisher.Flux;

/** Holds readers to the rules of Reactive Streams. */
abstract class ReaderTck extends PublisherVerification<Long> {
  static final long MOST_ELEMENTS = 10_000;
  private static final long TIMEOUT_MILLIS = TimeUnit.SECONDS.toMillis(2);
  private static final long QUIET_MILLIS = 100;

  ReaderTck() {
    super(new TestEnvironment(TIMEOUT_MILLIS, QUIET_MILLIS), TIMEOUT_MILLIS);
  }

  /** Writes a stream of that many elements, and reads it. */
  abstract Flux<Long> read(long elements);

  @Override
  public final Publisher<Long> createPublisher(long elements) {
    return read(Math.min(elements, MOST_ELEMENTS));
  }

  @Override
  public final long maxElementsFromPublisher() {
    return MOST_ELEMENTS;
  }
}
