package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.vineyard.store.Blob;
import io.vineyard.store.BlobWriter;
import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkDraft;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.ReaderDriver;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.StoredObject;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.format.Allocators;
import io.vineyard.store.arrow.vineyard.BatchTree;
import io.vineyard.store.arrow.vineyard.BlobSource;
import io.vineyard.store.arrow.vineyard.ChunkViews;
import io.vineyard.store.arrow.vineyard.IpcStreamBytes;
import io.vineyard.store.arrow.vineyard.ObjectChunkHeader;
import io.vineyard.store.arrow.vineyard.ObjectChunkHeader.BlobPart;
import io.vineyard.store.embedded.EmbeddedStore;
import io.vineyard.store.memory.Mapping;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Chunks are seen by clients of Vineyard, and theirs are read here. */
class ChunkViewsTest {
  private static final int ROWS = 37;

  private final BufferAllocator allocator = new RootAllocator();
  private final long viewsBefore = Allocators.VIEWS.getAllocatedMemory();
  private final ObjectStore store = EmbeddedStore.create().segmentBytes(1 << 20).open();

  @AfterEach
  void nothingIsLeft() {
    Waits.untilIdle(store);
    store.close();
    assertThat(allocator.getAllocatedMemory()).isZero();
    allocator.close();
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
  }

  static List<RandomTypes.Type> held() {
    return VineyardBatchesTest.held();
  }

  static List<RandomTypes.Type> all() {
    return RandomTypes.all();
  }

  private List<RecordBatch> batches(RandomTypes.Type type) {
    RandomBatches random = new RandomBatches(type.toString().hashCode(), allocator);
    List<Field> fields = List.of(RandomBatches.field("x", type));
    List<RecordBatch> batches = new ArrayList<>();
    for (int rows : new int[] {0, 1, ROWS}) {
      batches.add(random.batch(fields, rows));
    }
    batches.add(batches.get(2).slice(3, ROWS - 5));
    return batches;
  }

  private static void closeAll(List<RecordBatch> batches) {
    batches.forEach(RecordBatch::close);
  }

  @ParameterizedTest
  @MethodSource("held")
  void chunkIsATreeForVineyard(RandomTypes.Type type) {
    List<RecordBatch> batches = batches(type);
    for (ChunkCodec<RecordBatch> codec :
        List.of(ChunkCodec.dataframes(), ChunkCodec.recordBatches())) {
      try (Stream stream = new Stream()) {
        ChunkViews views = new ChunkViews();
        batches.forEach(batch -> assertTreeHas(batch, codec, stream, views));
      }
    }
    closeAll(batches);
  }

  private void assertTreeHas(
      RecordBatch batch, ChunkCodec<RecordBatch> codec, Stream stream, ChunkViews views) {
    try (Chunk chunk = stream.publish(codec, batch)) {
      ObjectId id = store(chunk, stream.tree(views, chunk));
      try (RecordBatch read = Waits.value(store.get(id, RecordBatch.LAYOUT))) {
        SameValues.check(read, batch);
      }
      Waits.done(store.delete(id));
    }
  }

  private ObjectId store(Chunk chunk, BatchTree tree) {
    List<ObjectId> ids = new ArrayList<>();
    for (BlobSource source : tree.blobs()) {
      if (source instanceof BlobSource.InPlace part) {
        assertThat(chunk.address(part.offset(), part.sizeBytes())).isNotZero();
      }
      try (BlobWriter writer = Waits.value(store.createBlob(source.sizeBytes()))) {
        source.writeTo(writer.address());
        ids.add(Waits.value(writer.seal()));
      }
    }
    return Waits.value(store.createObject(tree.meta(ids)).map(ObjectMeta::requireId));
  }

  @Test
  void numbersAndLongTextsStayInTheChunk() {
    for (RandomTypes.Type type : held()) {
      List<RecordBatch> batches = batches(type);
      try (Stream stream = new Stream();
          Chunk chunk = stream.publish(ChunkCodec.recordBatches(), batches.get(2))) {
        boolean isShort = type.toString().matches("(Utf8|Binary|List|FixedSizeList.*)( of.*)?");
        assertThat(stream.tree(new ChunkViews(), chunk).blobs())
            .as("%s", type)
            .satisfies(
                blobs ->
                    assertThat(blobs.stream().allMatch(BlobSource.InPlace.class::isInstance))
                        .isEqualTo(!isShort && !type.toString().contains("of [t: Utf8")));
      }
      closeAll(batches);
    }
  }

  @Test
  void schemaThatVineyardCanNotHoldIsRefused() {
    for (RandomTypes.Type type : VineyardBatchesTest.notHeld()) {
      List<RecordBatch> batches = batches(type);
      try (Stream stream = new Stream();
          Chunk chunk = stream.publish(ChunkCodec.recordBatches(), batches.get(2))) {
        assertThatExceptionOfType(VineyardException.class)
            .isThrownBy(() -> stream.tree(new ChunkViews(), chunk))
            .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.UNSUPPORTED))
            .withMessageContaining("column x");
      }
      closeAll(batches);
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void chunkIsAnArrowStreamAndIsReadFromOne(RandomTypes.Type type) {
    List<RecordBatch> batches = batches(type);
    for (ChunkCodec<RecordBatch> codec :
        List.of(ChunkCodec.dataframes(), ChunkCodec.recordBatches())) {
      batches.forEach(batch -> assertStreamHas(batch, codec));
    }
    closeAll(batches);
  }

  @Test
  void dictionariesAreInTheStream() {
    List<Field> values = new ArrayList<>();
    RandomTypes.inDictionaries()
        .forEach(type -> values.add(RandomBatches.field("v" + values.size(), type)));
    try (RecordBatch batch = new RandomBatches(7, allocator).dictionaryBatch(values, ROWS)) {
      assertStreamHas(batch, ChunkCodec.dataframes());
    }
  }

  private void assertStreamHas(RecordBatch batch, ChunkCodec<RecordBatch> codec) {
    try (Stream stream = new Stream();
        Chunk chunk = stream.publish(codec, batch)) {
      IpcStreamBytes bytes = stream.ipc(new ChunkViews(), chunk);
      ByteBuffer written = ByteBuffer.allocateDirect((int) bytes.sizeBytes());
      bytes.writeTo(Mapping.addressOf(written));
      try (ArrowStreamDecoder decoder = ArrowStreamDecoder.create(allocator, 1 << 20);
          RecordBatch read = decoder.next(written.duplicate())) {
        assertThat(read.hasSameContent(batch)).isTrue();
        decoder.end();
      }
      assertBlobIsRead(written, batch);
    }
  }

  /** What a data frame stream of Vineyard has: a blob that is a stream. */
  private void assertBlobIsRead(ByteBuffer bytes, RecordBatch expected) {
    try (Stream stream = new Stream()) {
      ObjectId id = new ObjectId(-7);
      ObjectMeta tree = ObjectMeta.blob(id, bytes.remaining());
      Chunk chunk = stream.publishObject(tree, List.of(id), List.of(bytes));
      try (RecordBatch read = ChunkCodec.dataframes().decoder().decode(chunk, null)) {
        assertThat(read.hasSameContent(expected)).isTrue();
      }
      assertThat(ChunkCodec.dataframes().carrier(chunk)).isNull();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void chunkMayBeAnObject(boolean isDataframes) {
    ChunkCodec<RecordBatch> codec =
        isDataframes ? ChunkCodec.dataframes() : ChunkCodec.recordBatches();
    List<Field> fields = new ArrayList<>();
    held().forEach(type -> fields.add(RandomBatches.field("f" + fields.size(), type)));
    try (RecordBatch batch = new RandomBatches(5, allocator).batch(fields, ROWS);
        Stream stream = new Stream()) {
      ObjectId id = Waits.value(VineyardBatches.store(batch, store));
      ChunkCodec.Decoder<RecordBatch> decoder = codec.decoder();
      for (int i = 0; i < 2; i++) {
        assertObjectIsRead(id, batch, stream, decoder);
      }
      Waits.done(store.delete(id));
    }
  }

  private void assertObjectIsRead(
      ObjectId id, RecordBatch batch, Stream stream, ChunkCodec.Decoder<RecordBatch> decoder) {
    try (StoredObject object = Waits.value(store.get(id));
        RecordBatch read = decoder.decode(stream.publishObject(object), null)) {
      SameValues.check(read, batch);
    }
  }

  @Test
  void objectThatIsNoBatchIsRefused() {
    try (Stream stream = new Stream()) {
      ObjectMeta tree =
          ObjectMeta.builder("vineyard::Scalar<int>")
              .id(new ObjectId(5))
              .field("value_", 7)
              .build();
      Chunk chunk = stream.publishObject(tree, List.of(), List.of());
      assertThatExceptionOfType(VineyardException.class)
          .isThrownBy(() -> ChunkCodec.recordBatches().decoder().decode(chunk, null))
          .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.OBJECT_TYPE_ERROR))
          .withMessageContaining("vineyard::Scalar<int>");
    }
  }

  /** A stream with both of its ends. */
  private final class Stream implements AutoCloseable {
    private final ObjectId id = Waits.value(store.createStream(StreamSpec.create())).id();
    private final ChunkWriter writer = Waits.value(store.openWriter(id));
    private final ReaderDriver reader = ReaderDriver.open(store, id, Long.MAX_VALUE);

    Chunk publish(ChunkCodec<RecordBatch> codec, RecordBatch batch) {
      try (ChunkCodec.Encoder<RecordBatch> encoder = codec.encoder(writer)) {
        ChunkCodec.Encoded encoded = encoder.tryEncode(batch);
        assertThat(writer.tryPublish(encoded.draft())).isEqualTo(ChunkWriter.Result.OK);
      }
      return reader.next();
    }

    BatchTree tree(ChunkViews views, Chunk chunk) {
      return views.tree(chunk.header(), reader.reader().preamble(), chunk::address);
    }

    IpcStreamBytes ipc(ChunkViews views, Chunk chunk) {
      return views.stream(chunk.header(), reader.reader().preamble(), chunk::address);
    }

    Chunk publishObject(StoredObject object) {
      Set<ObjectId> ids = new LinkedHashSet<>();
      collect(object.meta(), ids);
      List<ByteBuffer> bytes = new ArrayList<>();
      for (ObjectId blob : ids) {
        Blob found = object.blob(blob);
        bytes.add(found.view(0, (int) found.sizeBytes()));
      }
      return publishObject(object.meta(), List.copyOf(ids), bytes);
    }

    private static void collect(ObjectMeta tree, Set<ObjectId> ids) {
      if (tree.requireId().isBlob() && !tree.requireId().equals(ObjectId.EMPTY_BLOB)) {
        ids.add(tree.requireId());
      }
      tree.members().values().forEach(member -> collect(member, ids));
    }

    Chunk publishObject(ObjectMeta tree, List<ObjectId> ids, List<ByteBuffer> blobs) {
      long size = blobs.stream().mapToLong(ByteBuffer::remaining).sum();
      SharedMemory.Allocation memory = writer.memory().allocate(Math.max(1, size));
      ChunkDraft draft = writer.draft();
      List<BlobPart> parts = new ArrayList<>();
      long at = memory.address();
      for (int i = 0; i < blobs.size(); i++) {
        ByteBuffer blob = blobs.get(i).duplicate();
        int bytes = blob.remaining();
        parts.add(new BlobPart(ids.get(i), draft.offsetOf(at, bytes), bytes));
        for (int j = 0; j < bytes; j++) {
          MemoryUtil.putByte(at + j, blob.get(blob.position() + j));
        }
        at += bytes;
      }
      draft.complete(ObjectChunkHeader.encode(tree, parts), size, memory::free);
      assertThat(writer.tryPublish(draft)).isEqualTo(ChunkWriter.Result.OK);
      return reader.next();
    }

    @Override
    public void close() {
      writer.finish();
      assertThat(reader.end()).isNull();
      reader.close();
      writer.close();
    }
  }
}
