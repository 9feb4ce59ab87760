package io.vineyard.store.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class IdsTest {
  /** Goes where a test sets it. */
  private static final class SetClock extends Clock {
    long millis;

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return Instant.ofEpochMilli(millis);
    }
  }

  @Test
  void idsGrowWhateverTheClockDoes() {
    SetClock clock = new SetClock();
    Ids ids = new Ids(clock);
    Set<Long> all = new HashSet<>();
    long last = 0;
    for (long millis : new long[] {1000, 1000, 1001, 500, 0, 1002, 5000, 4999}) {
      clock.millis = millis;
      for (int i = 0; i < 1000; i++) {
        long id = i % 2 == 0 ? ids.nextObject() : ids.nextBlob();
        assertThat(all.add(id)).as("id %x is new", id).isTrue();
        assertThat(id < 0).as("id %x is that of a blob", id).isEqualTo(i % 2 == 1);
        long time = id & Long.MAX_VALUE;
        assertThat(time).isGreaterThan(last);
        last = time;
      }
    }
    assertThat(last >>> 22).as("the latest moment").isEqualTo(5000);
  }
}
