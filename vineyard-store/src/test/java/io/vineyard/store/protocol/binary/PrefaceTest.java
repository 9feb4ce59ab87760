package io.vineyard.store.protocol.binary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PrefaceTest {
  private static final byte[] GOLDEN = {'V', 'Y', 'S', 'T', 'R', 'M', 1, (byte) 0xFF};

  private static void assertRefused(byte[] bytes, ErrorCode code, String words) {
    assertThatThrownBy(() -> Preface.decode(Unpooled.wrappedBuffer(bytes)))
        .isInstanceOfSatisfying(VineyardException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(words);
  }

  @Test
  void isTheGoldenBytes() {
    ByteBuf out = Unpooled.buffer();
    Preface.encode(out);
    assertThat(GoldenFile.dump(out)).isEqualTo(GoldenFile.dump(GOLDEN));
    Preface.decode(out);
    assertThat(out.readableBytes()).isZero();
  }

  @Test
  void canNeverBeALengthOfTheOtherDialect() {
    assertThat(Unpooled.wrappedBuffer(GOLDEN).readLongLE()).isNegative();
  }

  @Test
  void otherVersionIsToldFromGarbage() {
    byte[] other = GOLDEN.clone();
    other[6] = 2;
    assertRefused(other, ErrorCode.VERSION_MISMATCH, "expected version 1 of the");
    assertRefused(other, ErrorCode.VERSION_MISMATCH, "got version 2");
    byte[] garbage = "GET / HT".getBytes(StandardCharsets.US_ASCII);
    assertRefused(garbage, ErrorCode.PROTOCOL_ERROR, "got bytes 5448202f20544547");
  }
}
