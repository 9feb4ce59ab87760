package io.vineyard.store;

import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Two new clients of one kind of store for each test; finds what a test has left behind. */
public abstract class StoreFixture implements StoreContract {
  private ObjectStore store;
  private ObjectStore other;
  private int segments;
  private int mappings;

  /** Attaches two clients to one store, which is empty. */
  protected abstract List<ObjectStore> attach();

  /** Ends what {@link #attach} has begun; both clients are closed. */
  protected void end() {}

  /** Waits until a store holds nothing but its clients. */
  protected void awaitIdle(ObjectStore witness) {
    Waits.untilIdle(witness);
  }

  @BeforeEach
  final void attachTwo() {
    segments = Segment.openCount();
    mappings = Mapping.openCount();
    List<ObjectStore> clients = attach();
    store = clients.get(0);
    other = clients.get(1);
  }

  @AfterEach
  final void nothingIsLeft() {
    try (ObjectStore witness = witness()) {
      awaitIdle(witness);
    } finally {
      store.close();
      other.close();
      end();
    }
    Waits.until(
        () -> segments + " open segments, there are " + Segment.openCount(),
        () -> Segment.openCount() == segments);
    Waits.until(
        () -> mappings + " open mappings, there are " + Mapping.openCount(),
        () -> Mapping.openCount() == mappings);
  }

  /** A test may have closed one of the two. */
  private ObjectStore witness() {
    try {
      return Waits.value(store.fork());
    } catch (StoreLostException e) {
      return Waits.value(other.fork());
    }
  }

  @Override
  public final ObjectStore store() {
    return store;
  }

  @Override
  public final ObjectStore other() {
    return other;
  }
}
