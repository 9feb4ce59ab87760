package io.vineyard.reactive.micrometer;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.ChunkCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a tracer has to tell the other end of a stream: fields and their values, as a chunk carries
 * them. Little-endian, texts in UTF-8.
 *
 * <pre>
 *  0          2          4                4 + n
 * +----------+----------+----------------+----------+-------+---------------
 * | count    | size n   | name           | size m   | value | next name ...
 * +----------+----------+----------------+----------+-------+---------------
 * </pre>
 */
final class Carrier {
  private static final Logger log = LoggerFactory.getLogger(Carrier.class);
  private static final int SIZE_BYTES = Short.BYTES;

  private Carrier() {}

  /** Returns null if there is nothing to tell; leaves out fields that don't fit any more. */
  static byte @Nullable [] encode(Map<String, String> fields) {
    if (fields.isEmpty()) {
      return null;
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(ChunkCodec.MOST_CARRIER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putShort((short) 0);
    int count = 0;
    for (Map.Entry<String, String> field : fields.entrySet()) {
      count += put(bytes, field.getKey(), field.getValue()) ? 1 : 0;
    }
    if (count == 0) {
      return null;
    }
    bytes.putShort(0, (short) count);
    byte[] encoded = new byte[bytes.position()];
    bytes.flip().get(encoded);
    return encoded;
  }

  private static boolean put(ByteBuffer bytes, String field, String value) {
    byte[] name = field.getBytes(StandardCharsets.UTF_8);
    byte[] text = value.getBytes(StandardCharsets.UTF_8);
    if (bytes.remaining() < 2L * SIZE_BYTES + name.length + text.length) {
      log.debug(
          "a chunk does not carry \"{}\" of {} bytes: it carries at most {}",
          field,
          text.length,
          ChunkCodec.MOST_CARRIER_BYTES);
      return false;
    }
    bytes.putShort((short) name.length).put(name).putShort((short) text.length).put(text);
    return true;
  }

  /**
   * Reads the fields, whatever the bytes are.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} if they are not such fields
   */
  static Map<String, String> decode(ByteBuffer carrier) {
    ByteBuffer bytes = carrier.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    int count = size(bytes);
    Map<String, String> fields = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      fields.put(text(bytes), text(bytes));
    }
    if (bytes.hasRemaining()) {
      throw invalid("the end after " + count + " fields", bytes.remaining() + " more bytes");
    }
    return fields;
  }

  private static String text(ByteBuffer bytes) {
    int size = size(bytes);
    if (size > bytes.remaining()) {
      throw invalid("a text of " + size + " bytes", bytes.remaining() + " bytes");
    }
    ByteBuffer text = bytes.slice(bytes.position(), size);
    bytes.position(bytes.position() + size);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(text).toString();
    } catch (CharacterCodingException malformed) {
      throw invalid("a text in UTF-8", size + " other bytes");
    }
  }

  private static int size(ByteBuffer bytes) {
    if (bytes.remaining() < SIZE_BYTES) {
      throw invalid("a size", bytes.remaining() + " bytes");
    }
    return Short.toUnsignedInt(bytes.getShort());
  }

  private static VineyardException invalid(String expected, String actual) {
    return VineyardException.of(
        ErrorCode.INVALID, "expected " + expected + " in what a chunk carries, got " + actual);
  }
}
