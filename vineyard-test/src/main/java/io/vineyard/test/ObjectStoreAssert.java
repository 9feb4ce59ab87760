package io.vineyard.test;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.VineyardException;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Assertions on a store, which wait, at most 3 seconds, for what is on its way: closes, cancels and
 * ends come to a store a moment later. The messages say how the store is, and in a {@link
 * VineyardTest} also what is held in this JVM, and where it was taken.
 */
public final class ObjectStoreAssert extends AbstractAssert<ObjectStoreAssert, ObjectStore> {
  private static final int MOST_HOLDINGS = 10;

  ObjectStoreAssert(@Nullable ObjectStore actual) {
    super(actual, ObjectStoreAssert.class);
  }

  /** Asserts that no reader holds a chunk, an object or a blob. */
  public ObjectStoreAssert hasNoLeases() {
    return hasLeases(0);
  }

  /** Asserts how many chunks and blobs readers hold; a stored batch is two blobs. */
  public ObjectStoreAssert hasLeases(long leases) {
    return await(leases + " leases", status -> status.leases() == leases);
  }

  /** Asserts that the store holds nothing but its clients: no object, name, stream or memory. */
  public ObjectStoreAssert isIdle() {
    return await(
        "an idle store",
        status ->
            status.leases() == 0
                && status.streams() == 0
                && status.objects() == 0
                && status.names() == 0
                && status.usedBytes() == 0
                && status.segments() == 0);
  }

  /** Asserts how much memory all segments, and the rings of the streams, take. */
  public ObjectStoreAssert hasUsedBytes(long bytes) {
    return await(bytes + " used bytes", status -> status.usedBytes() == bytes);
  }

  /** Asserts how much memory is used at most. */
  public ObjectStoreAssert hasUsedBytesAtMost(long bytes) {
    return await("at most " + bytes + " used bytes", status -> status.usedBytes() <= bytes);
  }

  /** Asserts how many objects and blobs there are; a stored batch is three. */
  public ObjectStoreAssert hasObjects(int objects) {
    return await(objects + " objects", status -> status.objects() == objects);
  }

  /** Asserts how many streams there are. */
  public ObjectStoreAssert hasStreams(int streams) {
    return await(streams + " streams", status -> status.streams() == streams);
  }

  /** Asserts that there is a stream of this name. */
  public ObjectStoreAssert hasStream(String name) {
    if (!Patience.until(Patience.DEFAULT, () -> isStream(name))) {
      throw fail("a stream \"" + name + "\"", status());
    }
    return this;
  }

  /** Asserts that there is no stream of this name. */
  public ObjectStoreAssert hasNoStream(String name) {
    if (!Patience.until(Patience.DEFAULT, () -> !isStream(name))) {
      throw fail("no stream \"" + name + "\"", status());
    }
    return this;
  }

  private boolean isStream(String name) {
    isNotNull();
    Objects.requireNonNull(name, "name");
    return actual
            .getName(name)
            .flatMap(actual::getStream)
            .onErrorResume(ObjectStoreAssert::isAbsent, error -> Mono.empty())
            .block(Patience.LONGEST)
        != null;
  }

  private static boolean isAbsent(Throwable error) {
    return error instanceof VineyardException typed
        && (typed.code() == ErrorCode.OBJECT_NOT_EXISTS
            || typed.code() == ErrorCode.OBJECT_TYPE_ERROR
            || typed.code() == ErrorCode.STREAM_DRAINED);
  }

  private ObjectStoreAssert await(String what, Predicate<StoreStatus> so) {
    isNotNull();
    if (!Patience.until(Patience.DEFAULT, () -> so.test(status()))) {
      throw fail(what, status());
    }
    return this;
  }

  private StoreStatus status() {
    return Objects.requireNonNull(actual.status().block(Patience.LONGEST));
  }

  private AssertionError fail(String expected, StoreStatus status) {
    StringBuilder text = new StringBuilder("expected ").append(expected);
    text.append(" within ").append(Patience.DEFAULT).append(", got ").append(status);
    List<Ledger.Entry> held =
        Ledger.INSTANCE.open(entry -> actual.toString().endsWith(entry.store()));
    if (!held.isEmpty()) {
      text.append("; held in this JVM:");
      held.stream().limit(MOST_HOLDINGS).forEach(entry -> text.append("\n  ").append(entry));
    }
    return failure("%s", text);
  }
}
