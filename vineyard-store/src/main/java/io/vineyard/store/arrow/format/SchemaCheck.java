package io.vineyard.store.arrow.format;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.apache.arrow.flatbuf.Decimal;
import org.apache.arrow.flatbuf.Endianness;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.FixedSizeBinary;
import org.apache.arrow.flatbuf.FixedSizeList;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.KeyValue;
import org.apache.arrow.flatbuf.Schema;
import org.apache.arrow.flatbuf.Type;
import org.apache.arrow.flatbuf.Union;
import org.jspecify.annotations.Nullable;

/**
 * Checks a schema before it is turned into objects. Offsets in it may point at the same bytes again
 * and again, so that few bytes describe fields without end: what is read is bounded by how many
 * bytes there are.
 */
public final class SchemaCheck {
  private static final int MOST_DEPTH = 64;
  private static final int MOST_BYTE_WIDTH = Integer.MAX_VALUE / Byte.SIZE;
  private static final int TABLE_BYTES = Integer.BYTES;
  private static final int MOST_DECIMAL_SCALE = 1 << 12;

  /** Writers may share texts between fields; no sane one does so for more of them than this. */
  private static final int MOST_REPETITION = 16;

  /** What the tables of a field take at least, each field of its own. */
  private static final int FIELD_BYTES = 16 * MOST_REPETITION;

  private final long budgetBytes;
  private long leftBytes;

  private SchemaCheck(ByteBuffer metadata) {
    this.budgetBytes = (long) metadata.capacity() * MOST_REPETITION;
    this.leftBytes = budgetBytes;
  }

  /**
   * Checks a schema.
   *
   * @throws VineyardException with {@link ErrorCode#ARROW_ERROR} if it is malformed, {@link
   *     ErrorCode#UNSUPPORTED} if its bytes are big-endian or it has a type that vectors can't hold
   */
  public static void check(@Nullable Schema schema) {
    if (schema == null) {
      throw Malformed.of("a schema", "none");
    }
    new SchemaCheck(schema.getByteBuffer()).checkSchema(schema);
  }

  /** Checks the schema of a file and what else is in its footer, as {@link #check(Schema)} does. */
  public static void check(Footer footer) {
    check(footer.schema());
    SchemaCheck check = new SchemaCheck(footer.getByteBuffer());
    for (int i = 0; i < footer.customMetadataLength(); i++) {
      check.spend(footer.customMetadata(i));
    }
  }

  private void checkSchema(Schema schema) {
    if (schema.endianness() != Endianness.Little) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED, "expected little-endian Arrow data, got big-endian");
    }
    for (int i = 0; i < schema.customMetadataLength(); i++) {
      spend(schema.customMetadata(i));
    }
    for (int i = 0; i < schema.fieldsLength(); i++) {
      checkField(schema.fields(i), 1);
    }
  }

  private void checkField(Field field, int depth) {
    if (depth > MOST_DEPTH) {
      throw Malformed.of("fields nested " + MOST_DEPTH + " deep at most", "more");
    }
    spend(FIELD_BYTES);
    spend(field.nameAsByteBuffer());
    for (int i = 0; i < field.customMetadataLength(); i++) {
      spend(field.customMetadata(i));
    }
    checkType(field);
    for (int i = 0; i < field.childrenLength(); i++) {
      checkField(field.children(i), depth + 1);
    }
  }

  private void checkType(Field field) {
    switch (field.typeType()) {
      case Type.Decimal -> checkDecimal((Decimal) field.type(new Decimal()));
      case Type.FixedSizeBinary ->
          checkByteWidth(((FixedSizeBinary) field.type(new FixedSizeBinary())).byteWidth());
      case Type.FixedSizeList ->
          checkWidth(((FixedSizeList) field.type(new FixedSizeList())).listSize());
      case Type.Struct_ -> checkNames(field);
      case Type.Union -> checkUnion(field, (Union) field.type(new Union()));
      default -> {
        // whatever else is wrong shows when the field is made
      }
    }
  }

  private static void checkDecimal(Decimal decimal) {
    int bits = decimal.bitWidth();
    if (bits == Integer.SIZE || bits == Long.SIZE) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED, "expected decimals of 128 or 256 bits, got " + bits);
    }
    if (Math.abs((long) decimal.scale()) > MOST_DECIMAL_SCALE) {
      throw Malformed.of(
          "a scale from -%d to %d".formatted(MOST_DECIMAL_SCALE, MOST_DECIMAL_SCALE),
          "" + decimal.scale());
    }
  }

  private static void checkByteWidth(int width) {
    checkWidth(width);
    if (width == 0) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED, "expected binary values of 1 byte or more, got 0 bytes");
    }
  }

  private static void checkWidth(int width) {
    if (width < 0 || width > MOST_BYTE_WIDTH) {
      throw Malformed.of("a size from 0 to " + MOST_BYTE_WIDTH, "" + width);
    }
  }

  private void checkUnion(Field field, Union union) {
    if (union.typeIdsLength() == 0 && field.childrenLength() > 0) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED, "expected a union with type ids, got none for " + field.name());
    }
    if (union.typeIdsLength() != field.childrenLength()) {
      throw Malformed.of(
          "type ids for " + field.childrenLength() + " children of " + field.name(),
          "" + union.typeIdsLength());
    }
    checkNames(field);
  }

  /** Vectors of structs and unions know their children by name. */
  private void checkNames(Field struct) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < struct.childrenLength(); i++) {
      spend(struct.children(i).nameAsByteBuffer());
      String name = struct.children(i).name();
      if (!names.add(name)) {
        throw VineyardException.of(
            ErrorCode.UNSUPPORTED,
            "expected children of different names in %s, got two named '%s'"
                .formatted(struct.name(), name));
      }
    }
  }

  private void spend(KeyValue entry) {
    spend(TABLE_BYTES);
    spend(entry.keyAsByteBuffer());
    spend(entry.valueAsByteBuffer());
  }

  private void spend(@Nullable ByteBuffer text) {
    spend(text == null ? 0 : text.remaining());
  }

  private void spend(int sizeBytes) {
    leftBytes -= sizeBytes;
    if (leftBytes < 0) {
      throw Malformed.of("a schema of up to " + budgetBytes + " bytes", "more");
    }
  }
}
