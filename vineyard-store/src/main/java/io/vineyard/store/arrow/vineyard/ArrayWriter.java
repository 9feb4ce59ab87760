package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.arrow.format.Malformed;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** Renders the columns of a message as trees of arrays, as {@link HeldTypes} says. */
final class ArrayWriter {
  /** No blob, which is the empty one. */
  private static final int NONE = -1;

  private final BytesAccess access;
  private final BatchCursor cursor;
  private final List<BlobSource> blobs = new ArrayList<>();

  ArrayWriter(RecordBatch batch, BytesAccess access) {
    this.access = access;
    this.cursor = new BatchCursor(batch, access);
  }

  /** A tree, once there are ids for its blobs. */
  @FunctionalInterface
  interface Render {
    ObjectMeta tree(List<ObjectId> blobs);
  }

  /** Returns the blobs of all columns so far. */
  List<BlobSource> blobs() {
    return blobs;
  }

  /** Renders a column of so many rows. */
  Render column(Field field, int rows) {
    return array(field, rows, true);
  }

  void end() {
    cursor.end();
  }

  /** A column may have more values than there are rows; those of a list must be as many as said. */
  private Render array(Field field, long fewest, boolean isColumn) {
    ArrowType type = TypeLayouts.storage(field.getType());
    BatchCursor.Node node = cursor.node(field, fewest);
    int values = isColumn ? (int) fewest : node.values();
    if (type instanceof ArrowType.Null) {
      return ids ->
          ObjectMeta.builder("vineyard::NullArray").field("length_", (long) values).build();
    }
    Head head = head(field, node, values);
    if (type instanceof ArrowType.Bool) {
      return bits(field, head);
    } else if (type instanceof ArrowType.FixedSizeBinary binary) {
      return binaries(field, head, binary.getByteWidth());
    } else if (TypeLayouts.isVariable(type)) {
      return variable(field, head, type);
    } else if (TypeLayouts.isList(type)) {
      return list(field, head, type);
    }
    int data = inPlace(cursor.slot(field, (long) values * TypeLayouts.bits(type) / Byte.SIZE));
    String name = "vineyard::NumericArray<" + HeldTypes.element(type) + ">";
    return ids -> head.begin(name, ids).member("buffer_", blob(ids, data)).build();
  }

  /** What all arrays have. */
  private record Head(int values, int nulls, int validity) {
    ObjectMeta.Builder begin(String typeName, List<ObjectId> ids) {
      return ObjectMeta.builder(typeName)
          .field("length_", (long) values)
          .field("null_count_", (long) nulls)
          .field("offset_", 0L)
          .member("null_bitmap_", blob(ids, validity));
    }
  }

  private Head head(Field field, BatchCursor.Node node, int values) {
    long bitmapBytes = bytesOfBits(values);
    BatchCursor.Slot validity = cursor.slot(field);
    if (validity.sizeBytes() > 0 && validity.sizeBytes() < bitmapBytes) {
      throw Malformed.of(
          bitmapBytes + " bytes of validity for " + field, validity.sizeBytes() + " bytes");
    }
    int nulls = cursor.countNulls(node, validity, values);
    if (nulls == 0) {
      return new Head(values, 0, NONE);
    } else if (validity.sizeBytes() > 0) {
      return new Head(values, nulls, inPlace(new BatchCursor.Slot(validity.offset(), bitmapBytes)));
    } else if (nulls < values) {
      throw Malformed.of("validity for " + nulls + " nulls of " + field, "no bytes");
    }
    int none = made(bitmapBytes, at -> MemoryUtil.setMemory(at, bitmapBytes, (byte) 0));
    return new Head(values, nulls, none);
  }

  private static long bytesOfBits(long values) {
    return (values + Byte.SIZE - 1) / Byte.SIZE;
  }

  private Render bits(Field field, Head head) {
    int data = inPlace(cursor.slot(field, bytesOfBits(head.values())));
    return ids ->
        head.begin("vineyard::BooleanArray", ids).member("buffer_", blob(ids, data)).build();
  }

  private Render binaries(Field field, Head head, int width) {
    int data = inPlace(cursor.slot(field, (long) head.values() * width));
    return ids ->
        head.begin("vineyard::FixedSizeBinaryArray", ids)
            .field("byte_width_", (long) width)
            .member("buffer_", blob(ids, data))
            .build();
  }

  private Render variable(Field field, Head head, ArrowType type) {
    int offsets = offsets(field, head, TypeLayouts.offsetBytes(type));
    int data = inPlace(cursor.slot(field));
    String name =
        TypeLayouts.isText(type)
            ? "vineyard::BaseBinaryArray<arrow::LargeStringArray>"
            : "vineyard::LargeBinaryArray";
    return ids ->
        head.begin(name, ids)
            .member("buffer_offsets_", blob(ids, offsets))
            .member("buffer_data_", blob(ids, data))
            .build();
  }

  private Render list(Field field, Head head, ArrowType type) {
    int offsets;
    long fewest = 0;
    if (type instanceof ArrowType.FixedSizeList list) {
      long size = list.getListSize();
      offsets = offsets(head.values(), index -> index * size);
      fewest = head.values() * size;
    } else {
      offsets = offsets(field, head, TypeLayouts.offsetBytes(type));
    }
    Render values = array(field.getChildren().get(0), fewest, false);
    return ids ->
        head.begin("vineyard::LargeListArray", ids)
            .member("buffer_offsets_", blob(ids, offsets))
            .member("values_", values.tree(ids))
            .build();
  }

  /** Offsets of 64 bits stay where they are; those of no values may be left out in messages. */
  private int offsets(Field field, Head head, int width) {
    BatchCursor.Slot slot =
        cursor.slot(field, head.values() == 0 ? 0 : (head.values() + 1L) * width);
    if (head.values() == 0) {
      return offsets(0, index -> 0);
    } else if (width == Long.BYTES) {
      return inPlace(slot);
    }
    long source = cursor.address(slot);
    return offsets(head.values(), index -> MemoryUtil.getInt(source + index * Integer.BYTES));
  }

  private interface Offset {
    long of(long index);
  }

  private int offsets(int values, Offset offset) {
    return made(
        (values + 1L) * Long.BYTES,
        at -> {
          for (long i = 0; i <= values; i++) {
            MemoryUtil.putLong(at + i * Long.BYTES, offset.of(i));
          }
        });
  }

  private int inPlace(BatchCursor.Slot slot) {
    if (slot.sizeBytes() == 0) {
      return NONE;
    }
    cursor.address(slot); // throws if it is outside
    blobs.add(new BlobSource.InPlace(slot.offset(), slot.sizeBytes(), access));
    return blobs.size() - 1;
  }

  private int made(long sizeBytes, BlobSource.Writing writing) {
    blobs.add(new BlobSource.Made(sizeBytes, writing));
    return blobs.size() - 1;
  }

  private static ObjectMeta blob(List<ObjectId> ids, int index) {
    return ObjectMeta.reference(index == NONE ? ObjectId.EMPTY_BLOB : ids.get(index));
  }
}
