package io.vineyard.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreLostException;
import io.vineyard.store.Waits;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * Runs every contract of streams on one kind of store, with two new clients for each test, and
 * finds what a test has left behind.
 */
abstract class StreamContracts
    implements ReaderContract, WriterContract, KindContract, FullStoreContract {
  static final long CAPACITY_BYTES = 64L << 20;
  static final long SEGMENT_BYTES = 1L << 20;

  private ObjectStore store;
  private ObjectStore other;
  private long foreignBytes;

  /** Attaches two clients to one store, which is empty. */
  abstract List<ObjectStore> attach();

  /** Ends what {@link #attach} has begun; both clients are closed. */
  void end() {}

  @BeforeEach
  final void attachTwo() {
    foreignBytes = Batches.FOREIGN.getAllocatedMemory();
    List<ObjectStore> clients = attach();
    store = clients.get(0);
    other = clients.get(1);
  }

  @AfterEach
  final void nothingIsLeft() {
    try (ObjectStore witness = witness()) {
      if (witness != null) {
        Waits.untilIdle(witness);
      }
    } finally {
      store.close();
      other.close();
      end();
    }
    Waits.until(
        () -> foreignBytes + " foreign bytes, " + Batches.FOREIGN.getAllocatedMemory(),
        () -> Batches.FOREIGN.getAllocatedMemory() == foreignBytes);
    assertThat(Batches.FOREIGN.getAllocatedMemory()).isEqualTo(foreignBytes);
  }

  /** A test may have closed one of the two, or both. */
  private ObjectStore witness() {
    return Stream.of(store, other)
        .map(ObjectStore::fork)
        .map(fork -> fork.onErrorComplete(StoreLostException.class).block(Waits.PATIENCE))
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
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
