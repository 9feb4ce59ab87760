package io.vineyard.spring.boot;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreStatus;
import java.util.Objects;
import org.springframework.boot.health.contributor.AbstractReactiveHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import reactor.core.publisher.Mono;

/** Says whether the store answers, and how full it is. */
public final class VineyardHealthIndicator extends AbstractReactiveHealthIndicator {
  private final ObjectStore store;

  /**
   * Makes an indicator.
   *
   * @param store stays the caller's
   */
  public VineyardHealthIndicator(ObjectStore store) {
    super("The store did not answer");
    this.store = Objects.requireNonNull(store, "store");
  }

  @Override
  protected Mono<Health> doHealthCheck(Health.Builder builder) {
    return store.status().map(status -> up(builder, status));
  }

  private static Health up(Health.Builder builder, StoreStatus status) {
    return builder
        .up()
        .withDetail("capacityBytes", status.capacityBytes())
        .withDetail("usedBytes", status.usedBytes())
        .withDetail("clients", status.clients())
        .withDetail("streams", status.streams())
        .withDetail("objects", status.objects())
        .withDetail("leases", status.leases())
        .build();
  }
}
