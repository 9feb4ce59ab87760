package io.vineyard.test;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.arrow.RecordBatch;
import org.jspecify.annotations.Nullable;

/**
 * Entry to the assertions on what belongs to a store; those of AssertJ itself are imported beside
 * it.
 *
 * <pre>{@code
 * import static io.vineyard.test.VineyardAssertions.assertThat;
 *
 * assertThat(batch).hasColumns("id", "name").containsExactlyRows(row(1, "a"), row(2, null));
 * assertThat(store).hasStream("orders").hasNoLeases();
 * }</pre>
 */
public final class VineyardAssertions {
  private VineyardAssertions() {}

  /** Begins assertions on a batch, which stays open and the caller's. */
  public static RecordBatchAssert assertThat(@Nullable RecordBatch actual) {
    return new RecordBatchAssert(actual);
  }

  /** Begins assertions on a store. */
  public static ObjectStoreAssert assertThat(@Nullable ObjectStore actual) {
    return new ObjectStoreAssert(actual);
  }
}
