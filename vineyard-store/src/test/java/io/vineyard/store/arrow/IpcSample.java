package io.vineyard.store.arrow;

import java.io.ByteArrayOutputStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Small batches to be mutated.
 *
 * @param name what they are
 * @param types the types of their columns
 * @param rows how many rows the first of them has
 * @param encoded whether the columns are encoded by dictionaries
 * @param codec how their files and streams are compressed
 */
record IpcSample(
    String name, List<RandomTypes.Type> types, int rows, boolean encoded, CodecType codec) {

  /** Returns samples of all kinds of buffers. */
  static List<IpcSample> all() {
    List<RandomTypes.Type> variable = named("Bool", "Utf8", "LargeBinary", "BinaryView");
    return List.of(
        plain("fixed", 3, named("Int(32, true)", "Decimal(30", "Interval(DAY", "ExtensionType")),
        plain("variable", 3, variable),
        plain("lists", 3, named("List of [i", "LargeList of", "FixedSizeList(3", "ListView")),
        plain("maps", 1, named("Map(false")),
        plain("unions", 3, named("Union(Sparse", "Union(Dense", "RunEndEncoded of")),
        new IpcSample("encoded", named("Utf8", "Int(64, true)"), 3, true, CodecType.NO_COMPRESSION),
        new IpcSample("lz4", variable, 3, false, CodecType.LZ4_FRAME),
        new IpcSample("zstd", named("Utf8", "BinaryView"), 3, true, CodecType.ZSTD));
  }

  private static IpcSample plain(String name, int rows, List<RandomTypes.Type> types) {
    return new IpcSample(name, types, rows, false, CodecType.NO_COMPRESSION);
  }

  private static List<RandomTypes.Type> named(String... names) {
    return Stream.of(names)
        .map(
            name ->
                RandomTypes.all().stream()
                    .filter(type -> type.toString().startsWith(name))
                    .findFirst()
                    .orElseThrow())
        .toList();
  }

  /** Makes two batches, which whoever calls closes. */
  List<RecordBatch> batches(BufferAllocator allocator) {
    RandomBatches random = new RandomBatches(name.hashCode(), allocator);
    List<Field> fields = new ArrayList<>();
    types.forEach(type -> fields.add(RandomBatches.field("f" + fields.size(), type)));
    return encoded
        ? List.of(random.dictionaryBatch(fields, rows), random.dictionaryBatch(fields, rows))
        : List.of(random.batch(fields, rows), random.batch(fields, rows / 2));
  }

  /** Returns the bytes of a stream. */
  byte[] stream() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (BufferAllocator allocator = new RootAllocator();
        ArrowStreamWriter writer = ArrowStreamWriter.over(Channels.newChannel(bytes), codec)) {
      for (RecordBatch batch : batches(allocator)) {
        try (batch) {
          writer.write(batch);
        }
      }
    }
    return bytes.toByteArray();
  }

  /** Writes a file, which has one batch if the dictionaries change. */
  void writeFile(Path path) {
    try (BufferAllocator allocator = new RootAllocator();
        ArrowFileWriter writer = ArrowFileWriter.create(path, codec)) {
      List<RecordBatch> batches = batches(allocator);
      for (RecordBatch batch : encoded ? batches.subList(0, 1) : batches) {
        writer.write(batch);
      }
      batches.forEach(RecordBatch::close);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
