package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Segment;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;

/**
 * Tables whose clock stands still, and whose segments are made when a test says so: at once, later,
 * or not at all.
 */
final class CoreStore implements SegmentSource {
  static final long CAPACITY_BYTES = 1 << 20;
  static final long SEGMENT_BYTES = 1 << 16;

  private final Queue<Runnable> making = new ArrayDeque<>();
  final StoreCore core;
  boolean slow;
  ErrorCode refusal;

  CoreStore(StoreLimits limits) {
    this.core = new StoreCore(limits, this, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
  }

  static CoreStore ofDefaults() {
    return new CoreStore(StoreLimits.of(CAPACITY_BYTES, SEGMENT_BYTES));
  }

  /** Tables with one bound other than usual. */
  static CoreStore with(String bound, long value) {
    return new CoreStore(limits(bound, value));
  }

  static StoreLimits limits(String bound, long value) {
    StoreLimits usual = StoreLimits.of(CAPACITY_BYTES, SEGMENT_BYTES);
    RecordComponent[] bounds = StoreLimits.class.getRecordComponents();
    try {
      Object[] values = new Object[bounds.length];
      for (int i = 0; i < bounds.length; i++) {
        Object old = bounds[i].getAccessor().invoke(usual);
        Object wanted = old instanceof Long ? (Object) value : (Object) (int) value;
        values[i] = bounds[i].getName().equals(bound) ? wanted : old;
      }
      Class<?>[] types =
          Arrays.stream(bounds).map(RecordComponent::getType).toArray(Class<?>[]::new);
      Constructor<StoreLimits> all = StoreLimits.class.getDeclaredConstructor(types);
      return all.newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("expected the bounds to be a record", e);
    }
  }

  CoreClient attach(String name) {
    return new CoreClient(this, name);
  }

  @Override
  public void create(long capacityBytes, Done done) {
    ErrorCode code = refusal;
    Runnable make =
        code == null
            ? () -> done.complete(Segment.create("test", capacityBytes), null)
            : () -> done.complete(null, VineyardException.of(code, "as the test has it"));
    if (slow) {
      making.add(make);
    } else {
      make.run();
    }
  }

  /** Lets the oldest segment that is waited for be there; says whether there was one. */
  boolean makeOne() {
    Runnable make = making.poll();
    if (make != null) {
      make.run();
    }
    return make != null;
  }
}
