package io.vineyard.reactive.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.ChunkCodec;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What chunks carry comes back as it was, and nothing else does harm. */
class CarrierTest {
  private static final Map<String, String> FIELDS =
      Map.of("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "é", "");

  @Test
  void fieldsComeBack() {
    byte[] bytes = Carrier.encode(FIELDS);
    assertThat(Carrier.decode(ByteBuffer.wrap(bytes))).isEqualTo(FIELDS);
  }

  @Test
  void nothingIsCarriedOfNothingOrTooMuch() {
    assertThat(Carrier.encode(Map.of())).isNull();
    String large = "x".repeat(ChunkCodec.MOST_CARRIER_BYTES);
    assertThat(Carrier.encode(Map.of("baggage", large))).isNull();
    String most = large.substring("baggage".length() + 3 * Short.BYTES);
    assertThat(Carrier.encode(Map.of("baggage", most))).hasSize(ChunkCodec.MOST_CARRIER_BYTES);
    Map<String, String> both = Map.of("baggage", large, "traceparent", "00");
    assertThat(Carrier.decode(ByteBuffer.wrap(Carrier.encode(both))))
        .isEqualTo(Map.of("traceparent", "00"));
  }

  @Test
  void otherBytesAreRefused() {
    byte[] bytes = Carrier.encode(FIELDS);
    for (int size = 0; size < bytes.length; size++) {
      byte[] cut = Arrays.copyOf(bytes, size);
      assertThatExceptionOfType(VineyardException.class)
          .isThrownBy(() -> Carrier.decode(ByteBuffer.wrap(cut)))
          .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.INVALID));
    }
    Random random = new Random(815);
    for (int round = 0; round < 10_000; round++) {
      byte[] mutated = bytes.clone();
      mutated[random.nextInt(mutated.length)] = (byte) random.nextInt();
      try {
        assertThat(Carrier.decode(ByteBuffer.wrap(mutated))).isNotNull();
      } catch (VineyardException refused) {
        assertThat(refused.code()).isEqualTo(ErrorCode.INVALID);
      }
    }
  }
}
