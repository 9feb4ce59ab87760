package io.vineyard.store.arrow.format;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.util.EnumSet;
import java.util.Set;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BaseVariableWidthVector;
import org.apache.arrow.vector.BaseVariableWidthViewVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.NullVector;
import org.apache.arrow.vector.ViewVarBinaryVector;
import org.apache.arrow.vector.ViewVarCharVector;
import org.apache.arrow.vector.types.Types;
import org.apache.arrow.vector.types.Types.MinorType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.util.OversizedAllocationException;
import org.apache.arrow.vector.util.VectorAppender;

/**
 * Copies the values of vectors of one field behind each other.
 *
 * <p>Arrow's own appender copies whole buffers, but is right only for values of fixed width and for
 * plain bytes, below 2 GiB; all others are copied value by value.
 */
public final class ColumnAppender implements AutoCloseable {
  /** These are not copied rightly by any of Arrow's calls. */
  private static final Set<MinorType> UNSUPPORTED =
      EnumSet.of(
          MinorType.UNION,
          MinorType.DENSEUNION,
          MinorType.RUNENDENCODED,
          MinorType.LISTVIEW,
          MinorType.LARGELISTVIEW);

  /** These are not copied rightly as the children of others. */
  private static final Set<MinorType> UNSUPPORTED_WITHIN =
      EnumSet.of(MinorType.NULL, MinorType.VIEWVARCHAR, MinorType.VIEWVARBINARY);

  private final FieldVector vector;
  private int count;
  private boolean begun;

  private ColumnAppender(FieldVector vector) {
    this.vector = vector;
  }

  /**
   * Begins without values; the caller closes it.
   *
   * @throws VineyardException with {@link ErrorCode#UNSUPPORTED} for a type that can't be copied
   */
  public static ColumnAppender of(Field field, BufferAllocator allocator) {
    check(field);
    return new ColumnAppender(field.createVector(allocator));
  }

  private static void check(Field field) {
    refuse(field, UNSUPPORTED);
    field.getChildren().forEach(ColumnAppender::checkChild);
  }

  private static void checkChild(Field field) {
    refuse(field, UNSUPPORTED_WITHIN);
    check(field);
  }

  private static void refuse(Field field, Set<MinorType> types) {
    if (types.contains(Types.getMinorTypeForArrowType(field.getType()))) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED, "expected a column whose values can be copied, got " + field);
    }
  }

  /**
   * Checks that so many more fit.
   *
   * @throws VineyardException with {@link ErrorCode#LIMIT_REACHED} if they don't
   */
  public static void checkSize(long before, long more, String what) {
    if (before + more > Integer.MAX_VALUE) {
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED,
          "expected at most %d %s, got %d and %d more"
              .formatted(Integer.MAX_VALUE, what, before, more));
    }
  }

  /**
   * Copies the values of a vector.
   *
   * @throws VineyardException with {@link ErrorCode#LIMIT_REACHED} if the column gets too large
   */
  public void append(FieldVector more) {
    if (more.getValueCount() == 0) {
      return;
    }
    if (!begun) {
      begun = true;
      vector.setInitialCapacity(more.getValueCount());
      vector.allocateNew();
    }
    try {
      if (vector instanceof NullVector) {
        vector.setValueCount(count + more.getValueCount());
      } else if (vector instanceof BaseFixedWidthVector fixed) {
        checkSize(
            (long) count * fixed.getTypeWidth(),
            (long) more.getValueCount() * fixed.getTypeWidth(),
            "bytes in column " + vector.getName());
        more.accept(new VectorAppender(vector), null);
      } else if (vector instanceof BaseVariableWidthVector bytes) {
        appendBytes(bytes, (BaseVariableWidthVector) more);
      } else {
        appendValues(more);
      }
    } catch (OversizedAllocationException large) {
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED,
          "expected a column as large as Arrow can have it, of " + vector.getField(),
          large);
    }
    count += more.getValueCount();
  }

  private void appendBytes(BaseVariableWidthVector bytes, BaseVariableWidthVector more) {
    checkSize(
        end(bytes, count), end(more, more.getValueCount()), "bytes in column " + bytes.getName());
    checkSize(
        (count + 1L) * Integer.BYTES,
        more.getValueCount() * (long) Integer.BYTES,
        "bytes of offsets in column " + bytes.getName());
    more.accept(new VectorAppender(bytes), null);
  }

  private static long end(BaseVariableWidthVector bytes, int values) {
    ArrowBuf offsets = bytes.getOffsetBuffer();
    return values == 0 ? 0 : offsets.getInt((long) values * Integer.BYTES);
  }

  private void appendValues(FieldVector more) {
    for (int i = 0; i < more.getValueCount(); i++) {
      if (vector instanceof BaseVariableWidthViewVector view) {
        copy((BaseVariableWidthViewVector) more, i, view, count + i);
      } else {
        vector.copyFromSafe(i, count + i, more);
      }
    }
    vector.setValueCount(count + more.getValueCount());
  }

  /** Arrow's own copy keeps the memory that it was copied from. */
  private static void copy(
      BaseVariableWidthViewVector from, int index, BaseVariableWidthViewVector to, int at) {
    if (from.isNull(index)) {
      to.setNull(at);
    } else {
      to.setSafe(at, bytes(from, index));
    }
  }

  private static byte[] bytes(BaseVariableWidthViewVector from, int index) {
    return from instanceof ViewVarCharVector text
        ? text.get(index)
        : ((ViewVarBinaryVector) from).get(index);
  }

  /** Takes the vector, which the caller closes. */
  public FieldVector take() {
    if (!begun) {
      vector.allocateNew();
    }
    vector.setValueCount(count);
    return vector;
  }

  @Override
  public void close() {
    vector.close();
  }
}
