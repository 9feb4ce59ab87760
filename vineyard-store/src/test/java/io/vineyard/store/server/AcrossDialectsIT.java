package io.vineyard.store.server;

import static io.vineyard.store.server.Messages.EMPTY;
import static io.vineyard.store.server.Messages.bits;
import static io.vineyard.store.server.Messages.message;
import static io.vineyard.store.server.Messages.meta;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vineyard.store.BlobWriter;
import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.ReaderDriver;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.ArrowStreamDecoder;
import io.vineyard.store.arrow.ByteChunk;
import io.vineyard.store.arrow.ChunkCodec;
import io.vineyard.store.arrow.RandomBatches;
import io.vineyard.store.arrow.RandomTypes;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.arrow.SameValues;
import io.vineyard.store.arrow.format.Allocators;
import io.vineyard.store.arrow.vineyard.HeldTypes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** Streams that one end speaks our own dialect to, and the other Vineyard's. */
class AcrossDialectsIT extends JsonRules {
  private static final int ROWS = 37;
  private static final RandomTypes.Type NUMBERS = RandomTypes.flat().get(5);

  private static final RandomTypes.Type TEXT =
      new RandomTypes.Type(ArrowType.Utf8.INSTANCE, true, List.of());

  private final BufferAllocator allocator = new RootAllocator();
  private final long viewsBefore = Allocators.VIEWS.getAllocatedMemory();

  /** How batches travel. */
  private enum Kind {
    BATCHES,
    FRAMES;

    StreamSpec spec() {
      return StreamSpec.create()
          .typeName(this == BATCHES ? StreamSpec.RECORD_BATCHES : StreamSpec.DATAFRAMES);
    }

    ChunkCodec<RecordBatch> codec() {
      return this == BATCHES ? ChunkCodec.recordBatches() : ChunkCodec.dataframes();
    }
  }

  @AfterEach
  void noBatchIsLeft() {
    assertThat(allocator.getAllocatedMemory()).isZero();
    allocator.close();
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
  }

  static List<RandomTypes.Type> held() {
    return RandomTypes.all().stream()
        .filter(type -> HeldTypes.canHold(new Schema(fields(type))))
        .toList();
  }

  private static List<Field> fields(RandomTypes.Type type) {
    return List.of(RandomBatches.field("x", type));
  }

  private List<RecordBatch> batches(RandomTypes.Type type) {
    RandomBatches random = new RandomBatches(type.toString().hashCode(), allocator);
    List<RecordBatch> batches = new ArrayList<>();
    for (int rows : new int[] {0, 1, ROWS}) {
      batches.add(random.batch(fields(type), rows));
    }
    batches.add(batches.get(2).slice(3, ROWS - 5));
    return batches;
  }

  private RecordBatch batch(int rows) {
    return new RandomBatches(rows, allocator).batch(fields(NUMBERS), rows);
  }

  private long stream(StreamSpec spec) {
    return Waits.value(store.createStream(spec)).id().value();
  }

  /** The writing end of a stream in our dialect. */
  private static final class Writing<T extends AutoCloseable> implements AutoCloseable {
    final ChunkWriter writer;
    final ChunkCodec.Encoder<T> encoder;

    Writing(ObjectStore own, long stream, ChunkCodec<T> codec) {
      writer = Waits.value(own.openWriter(new ObjectId(stream)));
      encoder = codec.encoder(writer);
    }

    boolean tryWrite(T element) {
      encoder.check(element);
      ChunkCodec.Encoded encoded = encoder.tryEncode(element);
      if (encoded == null) {
        return false;
      }
      boolean isDone = writer.tryPublish(encoded.draft()) == ChunkWriter.Result.OK;
      if (!isDone) {
        encoded.discard();
      }
      return isDone;
    }

    void write(T element) {
      Waits.until("room for a chunk", () -> tryWrite(element));
    }

    @Override
    public void close() {
      encoder.close();
      writer.close();
    }
  }

  private static JsonNode pull(long stream) {
    return message("pull_next_stream_chunk_request", "id", stream);
  }

  private static long pulled(RawJsonClient reader, long stream) {
    return bits(reader.done(pull(stream)).get("chunk"));
  }

  /** Asks until there is memory for the chunk. */
  private static long pulledAtLast(RawJsonClient reader, long stream) {
    JsonNode[] reply = new JsonNode[1];
    Waits.until(
        () -> "a chunk, got " + reply[0],
        () -> {
          reply[0] = reader.ask(pull(stream));
          return reply[0].path("code").asInt() != ErrorCode.NOT_ENOUGH_MEMORY.number();
        });
    assertThat(reply[0].has("chunk")).as("%s has a chunk", reply[0]).isTrue();
    return bits(reply[0].get("chunk"));
  }

  private static JsonNode stop(long stream) {
    return message("stop_stream_request", "id", stream, "failed", false);
  }

  private static void push(RawJsonClient writer, long stream, long chunk) {
    writer.done(message("push_next_stream_chunk_request", "id", stream, "chunk", chunk));
  }

  private static void write(RawJsonClient writer, long stream, byte... bytes) {
    JsonNode buffer =
        writer
            .done(message("get_next_stream_chunk_request", "id", stream, "size", bytes.length))
            .get("buffer");
    writer.memory(buffer).put(bytes);
  }

  // From Java.

  @ParameterizedTest
  @MethodSource("held")
  void batchesFromJavaAreObjectsOfVineyard(RandomTypes.Type type) {
    List<RecordBatch> batches = batches(type);
    RawJsonClient reader = client();
    long stream = stream(Kind.BATCHES.spec());
    try (Writing<RecordBatch> writing = new Writing<>(store, stream, Kind.BATCHES.codec())) {
      batches.forEach(writing::write);
      writing.writer.finish();
      batches.forEach(batch -> assertNextIs(reader, stream, batch));
      assertThat(reader.refused(pull(stream))).isEqualTo(42);
    }
    batches.forEach(RecordBatch::close);
  }

  private void assertNextIs(RawJsonClient reader, long stream, RecordBatch expected) {
    long id = pulled(reader, stream);
    JsonNode tree = reader.meta(id);
    assertThat(tree.get("typename").asText()).isEqualTo("vineyard::RecordBatch");
    assertThat(tree.get("row_num_").asInt()).isEqualTo(expected.rowCount());
    assertThat(tree.get("column_num_").asInt()).isEqualTo(expected.columnCount());
    for (JsonNode blob : blobs(tree)) {
      long blobId = idOf(blob);
      assertThat(reader.bytes(blobId)).hasSize((int) reader.meta(blobId).get("length").asLong());
    }
    try (RecordBatch read = Waits.value(store.get(new ObjectId(id), RecordBatch.LAYOUT))) {
      SameValues.check(read, expected);
    }
  }

  private static long idOf(JsonNode member) {
    return Long.parseUnsignedLong(member.get("id").asText().substring(1), 16);
  }

  private static List<JsonNode> blobs(JsonNode tree) {
    List<JsonNode> found = new ArrayList<>();
    for (JsonNode member : tree) {
      if (member.path("typename").asText().equals("vineyard::Blob")) {
        found.add(member);
      } else {
        found.addAll(blobs(member));
      }
    }
    return found;
  }

  @Test
  void framesFromJavaAreStreamsOfArrow() {
    RawJsonClient reader = client();
    for (RandomTypes.Type type : RandomTypes.all()) {
      List<RecordBatch> batches = batches(type);
      long stream = stream(Kind.FRAMES.spec());
      try (Writing<RecordBatch> writing = new Writing<>(store, stream, Kind.FRAMES.codec())) {
        batches.forEach(writing::write);
        writing.writer.finish();
        for (RecordBatch batch : batches) {
          assertIsArrowStream(reader.bytes(pulled(reader, stream)), batch);
        }
        assertThat(reader.refused(pull(stream))).isEqualTo(42);
      }
      batches.forEach(RecordBatch::close);
    }
  }

  private void assertIsArrowStream(byte[] bytes, RecordBatch expected) {
    ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    try (ArrowStreamDecoder decoder = ArrowStreamDecoder.create(allocator, 1 << 20);
        RecordBatch read = decoder.next(direct)) {
      assertThat(read.hasSameContent(expected)).isTrue();
      decoder.end();
    }
  }

  @Test
  void typeThatVineyardHasNotIsRefusedAndTheNextChunkComes() {
    RandomTypes.Type type =
        RandomTypes.all().stream().filter(one -> !held().contains(one)).findFirst().orElseThrow();
    RawJsonClient reader = client();
    long stream = stream(Kind.BATCHES.spec());
    try (Writing<RecordBatch> writing = new Writing<>(store, stream, Kind.BATCHES.codec());
        RecordBatch batch = new RandomBatches(1, allocator).batch(fields(type), ROWS)) {
      writing.write(batch);
      writing.write(batch);
      writing.writer.finish();
      assertThat(reader.refused(pull(stream))).isEqualTo(6);
      assertThat(reader.refused(pull(stream))).isEqualTo(6);
      assertThat(reader.refused(pull(stream))).isEqualTo(42);
    }
  }

  @Test
  void bytesFromJavaAreBlobs() {
    RawJsonClient reader = client();
    long stream = stream(StreamSpec.create().typeName(StreamSpec.BYTES));
    try (Writing<ByteChunk> writing = new Writing<>(store, stream, ChunkCodec.bytes())) {
      for (String text : List.of("one", "", "three")) {
        try (ByteChunk chunk = ByteChunk.copyOf(text.getBytes(StandardCharsets.UTF_8))) {
          writing.write(chunk);
        }
      }
      writing.writer.finish();
      assertThat(reader.bytes(pulled(reader, stream))).asString().isEqualTo("one");
      assertThat(pulled(reader, stream)).isEqualTo(EMPTY);
      assertThat(reader.bytes(pulled(reader, stream))).asString().isEqualTo("three");
      assertThat(reader.refused(pull(stream))).isEqualTo(42);
    }
  }

  @Test
  void readerOfVineyardHoldsTheWriterToItsWindow() {
    RawJsonClient reader = client();
    long stream = stream(Kind.BATCHES.spec().windowChunks(4));
    try (Writing<RecordBatch> writing = new Writing<>(store, stream, Kind.BATCHES.codec());
        RecordBatch batch = batch(ROWS)) {
      for (int i = 0; i < 4; i++) {
        writing.write(batch);
      }
      assertThat(writing.tryWrite(batch)).as("a fifth chunk").isFalse();
      pulled(reader, stream);
      assertThat(writing.tryWrite(batch)).as("a fifth, of one being read").isFalse();
      pulled(reader, stream);
      writing.write(batch);
      assertThat(writing.tryWrite(batch)).as("a sixth chunk").isFalse();
      writing.writer.finish();
      for (int i = 0; i < 3; i++) {
        pulled(reader, stream);
      }
      assertThat(reader.refused(pull(stream))).isEqualTo(42);
      Waits.done(writing.writer.onDrained());
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void chunkOfALostReaderGoesToTheNextInEitherDialect(Kind kind) {
    long stream = stream(kind.spec());
    RecordBatch[] batches = new RecordBatch[3];
    try (Writing<RecordBatch> writing = new Writing<>(store, stream, kind.codec())) {
      for (int i = 0; i < batches.length; i++) {
        batches[i] = batch(ROWS + i);
        writing.write(batches[i]);
      }
      writing.writer.finish();
      for (int i = 0; i < 3; i++) {
        RawJsonClient dying = client();
        pulled(dying, stream);
        dying.close();
        Waits.until("the reader to be gone", () -> status().clients() == 1);
      }
      RawJsonClient reader = client();
      pulled(reader, stream);
      pulled(reader, stream);
      reader.close();
      Waits.until("the reader to be gone", () -> status().clients() == 1);
      assertIsRead(stream, kind, List.of(batches[1], batches[2]));
    }
    for (RecordBatch batch : batches) {
      batch.close();
    }
  }

  /**
   * What is made of a chunk takes its time, and its reader may be gone before, and another come.
   */
  @Test
  void readerThatDiesWhileItsChunkIsMadeLeavesItToTheNext() {
    try (RecordBatch big = batch(400_000)) {
      for (int i = 0; i < 20; i++) {
        long stream = stream(Kind.FRAMES.spec());
        try (Writing<RecordBatch> writing = new Writing<>(store, stream, Kind.FRAMES.codec());
            RecordBatch small = big.slice(0, 10)) {
          writing.write(big);
          writing.write(small);
          writing.writer.finish();
          RawJsonClient next = client();
          RawJsonClient dying = client();
          JsonNode open = message("open_stream_request", "object_id", stream, "mode", 1);
          dying.done(open);
          dying.say(pull(stream));
          dying.close();
          Waits.until("the stream to be free", () -> next.ask(open).path("code").asInt() != 45);
          assertIsArrowStream(next.bytes(pulled(next, stream)), big);
          assertIsArrowStream(next.bytes(pulled(next, stream)), small);
          assertThat(next.refused(pull(stream))).isEqualTo(42);
        }
      }
    }
  }

  /** A frame is copied; without memory for that it is not lost, but comes when it is asked for. */
  @Test
  void chunkThatCanNotBeMadeForWantOfMemoryStays() {
    RawJsonClient reader = client();
    long stream = stream(Kind.FRAMES.spec());
    try (Writing<RecordBatch> writing = new Writing<>(store, stream, Kind.FRAMES.codec());
        RecordBatch batch = batch(100_000)) {
      writing.write(batch);
      writing.writer.finish();
      long free = status().freeBytes();
      try (BlobWriter rest = Waits.value(store.createBlob(free - (64 << 10)))) {
        assertThat(reader.refused(pull(stream))).isEqualTo(41);
        assertThat(reader.refused(pull(stream))).isEqualTo(41);
        rest.abort();
      }
      assertIsArrowStream(reader.bytes(pulledAtLast(reader, stream)), batch);
      assertThat(reader.refused(pull(stream))).isEqualTo(42);
    }
  }

  @Test
  void readerOfVineyardHearsHowAJavaWriterEnds() {
    RawJsonClient reader = client();
    long failed = stream(Kind.BATCHES.spec());
    long lost = stream(Kind.BATCHES.spec());
    ObjectStore other = Waits.value(store.fork());
    try (RecordBatch batch = batch(ROWS)) {
      try (Writing<RecordBatch> writing = new Writing<>(store, failed, Kind.BATCHES.codec())) {
        writing.write(batch);
        writing.writer.fail(ErrorCode.STREAM_FAILED, "no more");
      }
      Writing<RecordBatch> losing = new Writing<>(other, lost, Kind.BATCHES.codec());
      losing.write(batch);
      reader.done(message("open_stream_request", "object_id", lost, "mode", 1));
      other.close();
      losing.close();
      for (long stream : new long[] {failed, lost}) {
        assertNextIs(reader, stream, batch);
        assertThat(reader.refused(pull(stream))).isEqualTo(43);
      }
    }
  }

  @Test
  void readerThatWaitsHearsThatTheStreamIsDroppedInJava() {
    RawJsonClient reader = client();
    long stream = stream(Kind.BATCHES.spec());
    reader.say(pull(stream));
    assertWaits(reader);
    Waits.done(store.delete(new ObjectId(stream)));
    assertThat(reader.failed(pull(stream))).isEqualTo(43);
  }

  @Test
  void streamHasOneReaderAndOneWriterOfEitherDialect() {
    RawJsonClient client = client();
    long stream = stream(Kind.BATCHES.spec());
    ReaderDriver driver = ReaderDriver.open(store, new ObjectId(stream));
    assertThat(client.refused(pull(stream))).isEqualTo(45);
    driver.close();
    ReaderDriver.settle(store);
    client.done(message("open_stream_request", "object_id", stream, "mode", 1));
    assertThat(Waits.error(store.openReader(new ObjectId(stream), () -> {})).code())
        .isEqualTo(ErrorCode.STREAM_OPENED);
    client.done(message("open_stream_request", "object_id", stream, "mode", 2));
    assertThat(Waits.error(store.openWriter(new ObjectId(stream))).code())
        .isEqualTo(ErrorCode.STREAM_OPENED);
    client.done(message("drop_stream_request", "id", stream));
    try (Writing<RecordBatch> writing =
        new Writing<>(store, stream(Kind.BATCHES.spec()), Kind.BATCHES.codec())) {
      long ours = writing.writer.stream().id().value();
      assertThat(client.refused(message("open_stream_request", "object_id", ours, "mode", 2)))
          .isEqualTo(45);
      client.done(message("drop_stream_request", "id", ours));
    }
  }

  @Test
  void streamsAreFoundByNameInEitherDialect() {
    RawJsonClient client = client();
    long ours = stream(Kind.BATCHES.spec().name("ours"));
    JsonNode getName = message("get_name_request", "name", "ours", "wait", false);
    assertThat(bits(client.done(getName).get("object_id"))).isEqualTo(ours);
    JsonNode tree = client.meta(ours);
    assertThat(tree.get("typename").asText()).isEqualTo(StreamSpec.RECORD_BATCHES);
    assertThat(tree.get("params_").asText()).isEqualTo("{}");
    long theirs = client.stream(StreamSpec.DATAFRAMES);
    client.done(message("persist_request", "id", theirs));
    client.done(message("put_name_request", "object_id", theirs, "name", "theirs"));
    ObjectId found = Waits.value(store.getName("theirs"));
    assertThat(found.value()).isEqualTo(theirs);
    StreamInfo info = Waits.value(store.getStream(found));
    assertThat(info.spec().typeName()).isEqualTo(StreamSpec.DATAFRAMES);
    client.drop(theirs);
    client.done(message("drop_stream_request", "id", ours));
  }

  // To Java.

  @ParameterizedTest
  @MethodSource("held")
  void objectsOfVineyardAreBatchesInJava(RandomTypes.Type type) {
    List<RecordBatch> batches = batches(type);
    RawJsonClient writer = client();
    for (Kind kind : Kind.values()) {
      long stream = writer.stream(kind.spec().typeName());
      for (RecordBatch batch : batches) {
        push(writer, stream, stored(writer, batch));
      }
      writer.done(stop(stream));
      assertIsRead(stream, kind, batches);
      writer.delete(stream);
    }
    batches.forEach(RecordBatch::close);
  }

  private void assertIsRead(long stream, Kind kind, List<RecordBatch> batches) {
    try (ReaderDriver driver = ReaderDriver.open(store, new ObjectId(stream), Long.MAX_VALUE)) {
      ChunkCodec.Decoder<RecordBatch> decoder = kind.codec().decoder();
      List<RecordBatch> kept = new ArrayList<>();
      for (RecordBatch batch : batches) {
        RecordBatch read = decoder.decode(driver.next(), driver.reader().preamble());
        SameValues.check(read, batch);
        kept.add(read);
      }
      assertThat(driver.end()).isNull();
      for (int i = 0; i < kept.size(); i++) {
        SameValues.check(kept.get(i), batches.get(i));
        kept.get(i).close();
      }
    }
  }

  /** Stores a batch as a client of Vineyard does: blobs of its own, and a tree of them. */
  private long stored(RawJsonClient client, RecordBatch batch) {
    long model = stream(Kind.BATCHES.spec());
    try (Writing<RecordBatch> writing = new Writing<>(store, model, Kind.BATCHES.codec())) {
      writing.write(batch);
      writing.writer.finish();
      JsonNode tree = client.meta(pulled(client, model));
      Map<Long, Long> copies = new HashMap<>();
      for (JsonNode blob : blobs(tree)) {
        long id = idOf(blob);
        copies.computeIfAbsent(id, one -> one == EMPTY ? EMPTY : client.blob(client.bytes(one)));
      }
      assertThat(client.refused(pull(model))).isEqualTo(42);
      return client.create(copied(tree, copies));
    }
  }

  private static ObjectNode copied(JsonNode tree, Map<Long, Long> blobs) {
    ObjectNode made = tree.deepCopy();
    if (tree.get("typename").asText().equals("vineyard::Blob")) {
      return made.put("id", Messages.text(blobs.get(idOf(tree))));
    }
    tree.properties()
        .forEach(
            field -> {
              if (field.getValue().isObject()) {
                made.set(field.getKey(), copied(field.getValue(), blobs));
              }
            });
    return made;
  }

  @Test
  void framesOfVineyardAreBatchesInJava() {
    RawJsonClient writer = client();
    long stream = writer.stream(StreamSpec.DATAFRAMES);
    List<RecordBatch> batches = batches(NUMBERS);
    long model = stream(Kind.FRAMES.spec());
    try (Writing<RecordBatch> writing = new Writing<>(store, model, Kind.FRAMES.codec())) {
      for (RecordBatch batch : batches) {
        writing.write(batch);
        write(writer, stream, writer.bytes(pulled(writer, model)));
      }
      writing.writer.finish();
      assertThat(writer.refused(pull(model))).isEqualTo(42);
    }
    writer.done(stop(stream));
    assertIsRead(stream, Kind.FRAMES, batches);
    writer.delete(stream);
    batches.forEach(RecordBatch::close);
  }

  @Test
  void bytesOfVineyardAreBytesInJava() {
    RawJsonClient writer = client();
    long stream = writer.stream(StreamSpec.BYTES);
    write(writer, stream, (byte) 1, (byte) 2);
    write(writer, stream);
    write(writer, stream, (byte) 3);
    push(writer, stream, writer.blob((byte) 4));
    writer.done(stop(stream));
    try (ReaderDriver driver = ReaderDriver.open(store, new ObjectId(stream), 9)) {
      ChunkCodec.Decoder<ByteChunk> decoder = ChunkCodec.bytes().decoder();
      List<byte[]> read = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        try (ByteChunk chunk = decoder.decode(driver.next(), driver.reader().preamble())) {
          read.add(chunk.toByteArray());
        }
      }
      assertThat(read)
          .containsExactly(new byte[] {1, 2}, new byte[0], new byte[] {4}, new byte[] {3});
      assertThat(driver.end()).isNull();
    }
    writer.delete(stream);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 1000})
  void slowReaderInJavaGetsAllThatWasPushed(int chunks) {
    RawJsonClient writer = client();
    long stream = writer.stream(StreamSpec.BYTES);
    List<JsonNode> messages = new ArrayList<>();
    for (int i = 0; i < chunks; i++) {
      messages.add(message("get_next_stream_chunk_request", "id", stream, "size", 1000));
    }
    messages.add(stop(stream));
    writer.say(messages.toArray(new JsonNode[0]));
    messages.forEach(writer::answered);
    try (ReaderDriver driver = ReaderDriver.open(store, new ObjectId(stream))) {
      for (int i = 0; i < chunks; i++) {
        driver.reader().request(1);
        try (Chunk chunk = driver.next()) {
          assertThat(chunk.dataBytes()).isEqualTo(1000);
        }
      }
      driver.reader().request(1);
      assertThat(driver.end()).isNull();
    }
    writer.delete(stream);
  }

  @Test
  void chunkThatAJavaReaderHoldsOutlivesItsObjectAndItsWriter() {
    RawJsonClient writer = client();
    long stream = writer.stream(StreamSpec.BYTES);
    long blob = writer.blob((byte) 7);
    push(writer, stream, blob);
    try (ReaderDriver driver = ReaderDriver.open(store, new ObjectId(stream), 9);
        ByteChunk chunk = ChunkCodec.bytes().decoder().decode(driver.next(), null)) {
      writer.delete(blob);
      writer.done(message("memory_trim_request"));
      long other = writer.blob((byte) 8);
      writer.delete(other);
      writer.close();
      assertThat(driver.end().code()).isEqualTo(ErrorCode.WRITER_LOST);
      assertThat(chunk.toByteArray()).containsExactly(7);
    }
    client().delete(stream);
  }

  @Test
  void chunkOfALostJavaReaderGoesToOneOfVineyard() {
    RawJsonClient client = client();
    long stream = client.stream(StreamSpec.BYTES);
    long first = client.blob((byte) 1);
    push(client, stream, first);
    push(client, stream, client.blob((byte) 2));
    client.done(stop(stream));
    ObjectStore other = Waits.value(store.fork());
    ReaderDriver driver = ReaderDriver.open(other, new ObjectId(stream), 9);
    Chunk held = driver.next();
    other.close();
    Waits.until("the reader to be gone", () -> status().clients() == 2);
    held.close();
    driver.close();
    assertThat(pulled(client, stream)).isEqualTo(first);
    assertThat(client.bytes(pulled(client, stream))).containsExactly(2);
    assertThat(client.refused(pull(stream))).isEqualTo(42);
    client.drop(stream);
  }

  @Test
  void writerOfVineyardHearsThatJavaDroppedItsStream() {
    RawJsonClient writer = client();
    long stream = writer.stream(StreamSpec.BYTES);
    write(writer, stream, (byte) 1);
    Waits.done(store.delete(new ObjectId(stream)));
    assertThat(writer.ask(stop(stream)).get("code").asInt()).isIn(12, 43, 44);
    writer.ask(message("drop_stream_request", "id", stream));
    writer.delete(stream);
  }

  @Test
  void objectThatIsNoBatchIsRefusedByItsReader() {
    RawJsonClient writer = client();
    long stream = writer.stream(StreamSpec.RECORD_BATCHES);
    push(writer, stream, writer.create(meta("vineyard::Scalar<int>", "value_", 1)));
    writer.done(stop(stream));
    try (ReaderDriver driver = ReaderDriver.open(store, new ObjectId(stream), 9)) {
      ChunkCodec.Decoder<RecordBatch> decoder = ChunkCodec.recordBatches().decoder();
      Chunk chunk = driver.next();
      assertThat(Waits.error(Mono.fromCallable(() -> decoder.decode(chunk, null))).code())
          .isEqualTo(ErrorCode.OBJECT_TYPE_ERROR);
      assertThat(driver.end()).isNull();
    }
    writer.delete(stream);
  }

  /** A tree whose header is too large for the ring takes memory of its own. */
  @Test
  void wideBatchesCross() {
    List<Field> fields = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      fields.add(RandomBatches.field("column number " + i, NUMBERS));
    }
    RawJsonClient client = client();
    try (RecordBatch wide = new RandomBatches(1, allocator).batch(fields, ROWS)) {
      long theirs = client.stream(StreamSpec.RECORD_BATCHES);
      push(client, theirs, stored(client, wide));
      push(client, theirs, stored(client, wide));
      client.done(stop(theirs));
      assertIsRead(theirs, Kind.BATCHES, List.of(wide, wide));
      client.delete(theirs);
      long ours = stream(Kind.BATCHES.spec());
      try (Writing<RecordBatch> writing = new Writing<>(store, ours, Kind.BATCHES.codec())) {
        writing.write(wide);
        writing.writer.finish();
        assertNextIs(client, ours, wide);
        assertThat(client.refused(pull(ours))).isEqualTo(42);
      }
    }
  }

  /** Each column is made of three blobs, two of which may lie where they are. */
  @Test
  void batchOfThousandsOfTextColumnsCrosses() {
    RawJsonClient client = client();
    try (RecordBatch wide = wide(TEXT, 2500)) {
      long stream = stream(Kind.BATCHES.spec());
      try (Writing<RecordBatch> writing = new Writing<>(store, stream, Kind.BATCHES.codec())) {
        writing.write(wide);
        writing.writer.finish();
        JsonNode tree = client.meta(pulled(client, stream));
        assertThat(tree.get("column_num_").asInt()).isEqualTo(wide.columnCount());
        assertThat(client.refused(pull(stream))).isEqualTo(42);
      }
    }
  }

  private RecordBatch wide(RandomTypes.Type type, int columns) {
    List<Field> fields = new ArrayList<>();
    for (int i = 0; i < columns; i++) {
      fields.add(RandomBatches.field("c" + i, type));
    }
    return new RandomBatches(1, allocator).batch(fields, 1);
  }

  // Stored batches.

  private long[] stored(RecordBatch batch, int count) {
    long[] ids = new long[count];
    for (int i = 0; i < count; i++) {
      ids[i] = Waits.value(store.put(batch)).value();
    }
    return ids;
  }

  private static JsonNode get(long... ids) {
    return message("get_data_request", "id", ids);
  }

  @Test
  void manyStoredBatchesAreShownAtOnce() {
    RawJsonClient client = client();
    try (RecordBatch batch = wide(NUMBERS, 2)) {
      long[] ids = stored(batch, 2000);
      for (int i = 0; i < 2; i++) {
        JsonNode content = client.done(get(ids)).get("content");
        assertThat(content).hasSize(ids.length);
        assertThat(content)
            .allMatch(tree -> tree.get("typename").asText().equals("vineyard::RecordBatch"));
      }
      client.delete(ids);
    }
  }

  /** What is shown of a batch takes many times what is stored of it. */
  @Test
  void replyOfStoredBatchesIsBounded() {
    RawJsonClient client = client();
    try (RecordBatch wide = wide(NUMBERS, 400)) {
      long[] ids = stored(wide, 150);
      for (int i = 0; i < 2; i++) {
        assertThat(client.ask(get(ids)).path("code").asInt()).isEqualTo(1);
        assertThat(client.done(get(Arrays.copyOf(ids, 10))).get("content")).hasSize(10);
      }
      client.delete(ids);
    }
  }
}
