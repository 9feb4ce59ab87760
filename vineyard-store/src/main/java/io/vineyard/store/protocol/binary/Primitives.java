package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Parts that occur in many frames.
 *
 * <pre>
 * text     u32 size, that many bytes of UTF-8
 * numbers  u32 count, that many i64
 * bytes    u32 size, that many bytes
 * </pre>
 */
final class Primitives {
  private static final int MOST_NUMBERS = 1 << 16;

  private Primitives() {}

  static void writeText(String text, ByteBuf out) {
    int at = out.writerIndex();
    out.writeIntLE(0);
    int size = out.writeCharSequence(text, StandardCharsets.UTF_8);
    out.setIntLE(at, size);
  }

  static String readText(ByteBuf in) {
    ByteBuffer bytes = readBytes(in);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw VineyardException.of(ErrorCode.PROTOCOL_ERROR, "expected text in UTF-8, got " + e, e);
    }
  }

  /** Hands numbers over in as many parts as it takes for each to fit a frame. */
  static void inParts(long[] numbers, Consumer<long[]> writer) {
    if (numbers.length <= MOST_NUMBERS) {
      writer.accept(numbers);
      return;
    }
    for (int from = 0; from < numbers.length; from += MOST_NUMBERS) {
      writer.accept(
          Arrays.copyOfRange(numbers, from, Math.min(numbers.length, from + MOST_NUMBERS)));
    }
  }

  static void writeNumbers(long[] numbers, ByteBuf out) {
    out.writeIntLE(numbers.length);
    for (long number : numbers) {
      out.writeLongLE(number);
    }
  }

  static long[] readNumbers(ByteBuf in) {
    int count = readCount(in, Long.BYTES);
    long[] numbers = count == 0 ? new long[0] : new long[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = in.readLongLE();
    }
    return numbers;
  }

  static void writeBytes(ByteBuffer bytes, ByteBuf out) {
    out.writeIntLE(bytes.remaining());
    out.writeBytes(bytes.duplicate());
  }

  /** Returns a copy of its own, read-only and little-endian. */
  static ByteBuffer readBytes(ByteBuf in) {
    byte[] bytes = new byte[readCount(in, 1)];
    in.readBytes(bytes);
    return ByteBuffer.wrap(bytes).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Reads a count of things that take so many bytes each at least, which must all be there. */
  static int readCount(ByteBuf in, int leastBytes) {
    long count = in.readUnsignedIntLE();
    if (count * leastBytes > in.readableBytes()) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected at most "
              + in.readableBytes()
              + " bytes, got a count of "
              + count
              + " with "
              + leastBytes
              + " each");
    }
    return (int) count;
  }

  static boolean readTruth(ByteBuf in) {
    int value = in.readUnsignedByte();
    if (value > 1) {
      throw VineyardException.of(ErrorCode.PROTOCOL_ERROR, "expected 0 or 1, got " + value);
    }
    return value == 1;
  }
}
