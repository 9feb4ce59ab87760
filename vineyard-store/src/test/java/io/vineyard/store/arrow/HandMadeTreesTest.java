package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.Allocators;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Trees as C++ makes them, which the Python client does not, and trees that nobody should make. */
class HandMadeTreesTest {
  private final BufferAllocator allocator = new RootAllocator();
  private final long viewsBefore = Allocators.VIEWS.getAllocatedMemory();
  private final Map<ObjectId, byte[]> blobs = new HashMap<>();

  @AfterEach
  void nothingIsLeft() {
    assertThat(allocator.getAllocatedMemory()).isZero();
    allocator.close();
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
  }

  private ObjectMeta blob(byte... bytes) {
    if (bytes.length == 0) {
      return ObjectMeta.blob(ObjectId.EMPTY_BLOB, 0);
    }
    ObjectId id = new ObjectId(ObjectId.EMPTY_BLOB.value() + 1 + blobs.size());
    blobs.put(id, bytes);
    return ObjectMeta.blob(id, 0);
  }

  private ObjectMeta ints(int... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    Arrays.stream(values).forEach(bytes::putInt);
    return blob(bytes.array());
  }

  private static ObjectMeta.Builder array(String type, int values, int nulls, int offset) {
    return ObjectMeta.builder(type)
        .field("length_", values)
        .field("null_count_", nulls)
        .field("offset_", offset);
  }

  private ObjectMeta numbers(String type, int... values) {
    return array(type, values.length, 0, 0)
        .member("buffer_", ints(values))
        .member("null_bitmap_", blob())
        .build();
  }

  private List<Object> read(ObjectMeta tree) {
    try (RecordBatch batch = RecordBatch.LAYOUT.open(new RecordedTree(tree, blobs, allocator))) {
      return values(batch.vector(0));
    }
  }

  private static List<Object> values(FieldVector vector) {
    return Arrays.asList(
        IntStream.range(0, vector.getValueCount()).mapToObj(vector::getObject).toArray());
  }

  private VineyardException refusal(ObjectMeta tree) {
    RecordedTree object = new RecordedTree(tree, blobs, allocator);
    VineyardException[] refusal = new VineyardException[1];
    assertThatExceptionOfType(VineyardException.class)
        .isThrownBy(() -> RecordBatch.LAYOUT.open(object))
        .satisfies(refused -> refusal[0] = refused);
    assertThat(object.closes()).isEqualTo(1);
    return refusal[0];
  }

  @Test
  void namesOfNumbersAreThoseOfAllCompilers() {
    for (String name : List.of("int", "int32", " T = int", "int32_t")) {
      assertThat(read(numbers("vineyard::NumericArray<" + name + ">", 1, -2)))
          .containsExactly(1, -2);
    }
    for (String name : List.of("float", "float32")) {
      ObjectMeta tree = numbers("vineyard::NumericArray<" + name + ">", Float.floatToIntBits(1.5f));
      assertThat(read(tree)).containsExactly(1.5f);
    }
    assertThat(read(numbers("vineyard::NumericArray<arrow::Date32Type>", 7))).containsExactly(7);
  }

  @Test
  void textsMayHaveShortOffsetsAndBeginLater() {
    ObjectMeta tree =
        array("vineyard::BaseBinaryArray<arrow::StringArray>", 2, 1, 1)
            .member("buffer_offsets_", ints(0, 1, 3, 3, 9))
            .member("buffer_data_", blob("abcxyzxyz".getBytes(StandardCharsets.UTF_8)))
            .member("null_bitmap_", blob((byte) 0b1011))
            .build();
    assertThat(read(tree).stream().map(String::valueOf)).containsExactly("bc", "null");
  }

  @Test
  void listsMayHaveShortOffsetsAndBeginLater() {
    ObjectMeta tree =
        array("vineyard::BaseListArray<arrow::ListArray>", 2, 0, 1)
            .member("buffer_offsets_", ints(0, 1, 3, 4))
            .member("null_bitmap_", blob())
            .member("values_", numbers("vineyard::NumericArray<int>", 5, 6, 7, 8))
            .build();
    assertThat(read(tree)).containsExactly(List.of(6, 7), List.of(8));
  }

  @Test
  void listsMayHaveAFixedSize() {
    ObjectMeta tree =
        ObjectMeta.builder("vineyard::FixedSizeListArray")
            .field("length_", 2)
            .field("list_size_", 2)
            .member("values_", numbers("vineyard::NumericArray<int>", 5, 6, 7, 8))
            .build();
    assertThat(read(tree)).containsExactly(List.of(5, 6), List.of(7, 8));
  }

  @Test
  void bytesMayHaveAFixedSize() {
    ObjectMeta tree =
        array("vineyard::FixedSizeBinaryArray", 2, 0, 1)
            .field("byte_width_", 2)
            .member("buffer_", blob((byte) 1, (byte) 2, (byte) 3, (byte) 4, (byte) 5, (byte) 6))
            .member("null_bitmap_", blob())
            .build();
    assertThat(read(tree)).containsExactly(new byte[] {3, 4}, new byte[] {5, 6});
  }

  private ObjectMeta tensor(String valueType, int... values) {
    return ObjectMeta.builder("vineyard::Tensor<" + valueType + ">")
        .field("value_type_", valueType)
        .field("shape_", "[" + values.length + "]")
        .field("partition_index_", "[]")
        .member("buffer_", ints(values))
        .build();
  }

  @Test
  void frameOfCppHasItsIndexAmongTheValues() {
    ObjectMeta tree =
        ObjectMeta.builder("vineyard::DataFrame")
            .field("columns_", "[\"a\"]")
            .field("__values_-size", 2)
            .field("__values_-key-0", "\"index_\"")
            .member("__values_-value-0", tensor("int32", 7, 8))
            .field("__values_-key-1", "\"a\"")
            .member("__values_-value-1", tensor("float", Float.floatToIntBits(2.5f), 0))
            .build();
    RecordedTree object = new RecordedTree(tree, blobs, allocator);
    try (RecordBatch batch = RecordBatch.LAYOUT.open(object)) {
      assertThat(values(batch.vector("a"))).containsExactly(2.5f, 0f);
      assertThat(values(batch.vector("__index_level_0__"))).containsExactly(7, 8);
    }
  }

  @Test
  void tensorOfManyDimensionsMayNotBeTooLarge() {
    for (String shape : List.of("[65536, 65536]", "[2147483647, 2]", "[3, 0]", "[]", "[1.5]")) {
      ObjectMeta tree =
          ObjectMeta.builder("vineyard::Tensor<int32>")
              .field("shape_", shape)
              .member("buffer_", ints(1))
              .build();
      assertThat(refusal(tree)).as(shape).hasMessageContaining("vineyard::Tensor<int32>");
    }
  }

  @Test
  void bigEndianTensorIsRefused() {
    ObjectMeta tree = tensor("int32", 1).toBuilder().field("value_type_meta_", ">i4").build();
    assertThat(refusal(tree).code()).isEqualTo(ErrorCode.OBJECT_TYPE_ERROR);
  }

  @Test
  void deeplyNestedListsAreRefused() {
    ObjectMeta tree = numbers("vineyard::NumericArray<int>", 1);
    for (int depth = 0; depth < 5000; depth++) {
      tree =
          ObjectMeta.builder("vineyard::FixedSizeListArray")
              .field("length_", 1)
              .field("list_size_", 1)
              .member("values_", tree)
              .build();
    }
    assertThat(refusal(tree).code()).isEqualTo(ErrorCode.ARROW_ERROR);
  }

  @Test
  void offsetsAndSizesOutsideOfTheBlobAreRefused() {
    for (int offset : new int[] {1, 2, 3, Integer.MAX_VALUE}) {
      ObjectMeta tree =
          array("vineyard::NumericArray<int>", 2, 0, offset)
              .member("buffer_", ints(1, 2))
              .member("null_bitmap_", blob())
              .build();
      assertThat(refusal(tree).code()).isEqualTo(ErrorCode.ARROW_ERROR);
    }
    ObjectMeta bits =
        array("vineyard::BooleanArray", Integer.MAX_VALUE, 1, Integer.MAX_VALUE)
            .member("buffer_", ints(1, 2))
            .member("null_bitmap_", ints(1))
            .build();
    assertThat(refusal(bits).code()).isEqualTo(ErrorCode.ARROW_ERROR);
    ObjectMeta texts =
        array("vineyard::BaseBinaryArray<arrow::StringArray>", 1, 0, 0)
            .member("buffer_offsets_", ints(0, 9))
            .member("buffer_data_", blob((byte) 'a'))
            .member("null_bitmap_", blob())
            .build();
    assertThat(refusal(texts).code()).isEqualTo(ErrorCode.ARROW_ERROR);
  }

  @Test
  void nullsWithoutBitsAreRefused() {
    ObjectMeta tree =
        array("vineyard::NumericArray<int>", 1, 1, 0)
            .member("buffer_", ints(1))
            .member("null_bitmap_", blob())
            .build();
    assertThat(refusal(tree)).hasMessageContaining("validity");
  }

  @Test
  void namedMemberIsNotABlob() {
    ObjectMeta tree =
        array("vineyard::NumericArray<int>", 1, 0, 0)
            .member("buffer_", numbers("vineyard::NumericArray<int>", 1))
            .member("null_bitmap_", blob())
            .build();
    assertThat(refusal(tree))
        .hasMessageContaining("member buffer_, which is vineyard::NumericArray<int>");
  }

  @Test
  void schemaMustSayWhatColumnsAre() {
    ObjectMeta batch = RecordedTree.meta("batch_slice_1");
    ObjectMeta.Builder other = ObjectMeta.builder(batch.typeName());
    batch.fields().forEach((key, value) -> other.field(key, (Long) value));
    blobs.putAll(RecordedTree.blobs("batch_slice_1"));
    ObjectMeta doubles = numbers("vineyard::NumericArray<double>", 0, 0, 0, 0);
    batch
        .members()
        .forEach((key, member) -> other.member(key, key.equals("__columns_-0") ? doubles : member));
    assertThat(refusal(other.build())).hasMessageContaining(new ArrowType.Int(8, true).toString());
  }
}
