package io.vineyard.store.server;

import static io.vineyard.store.server.Messages.EMPTY;
import static io.vineyard.store.server.Messages.bits;
import static io.vineyard.store.server.Messages.ids;
import static io.vineyard.store.server.Messages.message;
import static io.vineyard.store.server.Messages.meta;
import static io.vineyard.store.server.Messages.reference;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vineyard.store.BlobWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ReaderDriver;
import io.vineyard.store.Waits;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Streams among clients of Vineyard's dialect: the states and codes of Vineyard, and what holds
 * here when a client dies.
 */
class JsonStreamsIT extends JsonRules {
  private static final String BYTES = "vineyard::ByteStream";
  private static final String BATCHES = "vineyard::RecordBatchStream";
  private static final int READ = 1;
  private static final int WRITE = 2;

  /** More than a stream gets when memory is short, and less than there is. */
  private static final long MOST_BYTES = CAPACITY_BYTES * 85 / 100;

  private static JsonNode open(long stream, int mode) {
    return message("open_stream_request", "object_id", stream, "mode", mode);
  }

  private static JsonNode push(long stream, long chunk) {
    return message("push_next_stream_chunk_request", "id", stream, "chunk", chunk);
  }

  private static JsonNode next(long stream, long sizeBytes) {
    return message("get_next_stream_chunk_request", "id", stream, "size", sizeBytes);
  }

  private static JsonNode pull(long stream) {
    return message("pull_next_stream_chunk_request", "id", stream);
  }

  private static JsonNode stop(long stream) {
    return message("stop_stream_request", "id", stream, "failed", false);
  }

  private static JsonNode fail(long stream) {
    return message("stop_stream_request", "id", stream, "failed", true);
  }

  private static JsonNode dropOf(long stream) {
    return message("drop_stream_request", "id", stream);
  }

  private static JsonNode createStream(long id) {
    return message("create_stream_request", "object_id", id);
  }

  /** Has the next chunk filled; it is published with the one after it. */
  private static void write(RawJsonClient writer, long stream, int... bytes) {
    JsonNode buffer = writer.done(next(stream, bytes.length)).get("buffer");
    for (int i = 0; i < bytes.length; i++) {
      writer.memory(buffer).put(i, (byte) bytes[i]);
    }
  }

  private static long pulled(RawJsonClient reader, long stream) {
    return bits(reader.done(pull(stream)).get("chunk"));
  }

  private long scalar(RawJsonClient client, int value) {
    return client.create(meta("vineyard::Scalar<int>", "value_", value));
  }

  // The table of outcomes.

  @Test
  void unknownStream() {
    RawJsonClient client = client();
    for (JsonNode message :
        List.of(open(4, READ), push(4, 4), next(4, 8), pull(4), stop(4), fail(4), dropOf(4))) {
      assertThat(client.refused(message)).as("%s", message).isEqualTo(12);
    }
  }

  @Test
  void runningStream() {
    RawJsonClient client = client();
    RawJsonClient other = client();
    long stream = client.stream(BATCHES);
    assertThat(client.refused(createStream(stream))).isEqualTo(11);
    long one = scalar(client, 1);
    long two = scalar(client, 2);
    client.done(push(stream, one));
    client.done(push(stream, two));
    assertThat(pulled(other, stream)).isEqualTo(one);
    assertThat(other.meta(one).get("value_").asInt()).isEqualTo(1);
    assertThat(pulled(other, stream)).isEqualTo(two);
    assertThat(client.exists(one)).as("a chunk that was read").isFalse();
    other.say(pull(stream));
    assertWaits(other);
    client.done(stop(stream));
    assertThat(other.failed(pull(stream))).isEqualTo(42);
    client.drop(stream);
  }

  @Test
  void streamOpensOnceForEachEnd() {
    RawJsonClient client = client();
    long stream = client.stream(BYTES);
    assertThat(client.refused(open(stream, 0))).isEqualTo(1);
    assertThat(client.refused(open(stream, 4))).isEqualTo(1);
    client.done(open(stream, READ));
    assertThat(client.refused(open(stream, READ))).isEqualTo(45);
    client.done(open(stream, WRITE));
    assertThat(client.refused(open(stream, WRITE))).isEqualTo(45);
    assertThat(client().refused(open(stream, WRITE))).isEqualTo(45);
    client.drop(stream);
    long both = client.stream(BYTES);
    client.done(open(both, READ | WRITE));
    assertThat(client().refused(open(both, READ))).isEqualTo(45);
    client.drop(both);
  }

  @Test
  void droppedStreamTakesItsChunksWithIt() {
    RawJsonClient client = client();
    long stream = client.stream(BATCHES);
    long inner = scalar(client, 0);
    long chunk = client.create(meta("t").set("m", reference(inner)));
    client.done(push(stream, chunk));
    client.done(dropOf(stream));
    assertThat(client.exists(chunk)).isFalse();
    assertThat(client.refused(pull(stream))).isEqualTo(12);
    assertThat(client.refused(dropOf(stream))).isEqualTo(12);
    assertThat(client.exists(stream)).as("what describes it").isTrue();
    client.done(createStream(stream));
    client.drop(stream);
    client.delete(inner);
  }

  @Test
  void waitingReader() {
    RawJsonClient client = client();
    RawJsonClient reader = client();
    long stream = client.stream(BATCHES);
    reader.say(pull(stream));
    assertWaits(reader);
    assertThat(client.refused(pull(stream))).isEqualTo(44);
    client.done(next(stream, 8));
    assertWaits(reader);
    JsonNode unused = client.done(next(stream, 8));
    long chunk = bits(reader.answered(pull(stream)).get("chunk"));
    assertThat(reader.bytes(chunk)).hasSize(8);
    reader.say(pull(stream));
    assertWaits(reader);
    long object = scalar(client, 7);
    client.done(push(stream, object));
    assertThat(bits(reader.answered(pull(stream)).get("chunk"))).isEqualTo(object);
    reader.say(pull(stream));
    assertWaits(reader);
    client.done(dropOf(stream));
    assertThat(reader.failed(pull(stream))).isEqualTo(43);
    client.delete(stream, object);
  }

  @Test
  void waitingReaderHearsThatItsWriterFails() {
    RawJsonClient client = client();
    RawJsonClient reader = client();
    long stream = client.stream(BATCHES);
    reader.say(pull(stream));
    assertWaits(reader);
    client.done(fail(stream));
    assertThat(reader.failed(pull(stream))).isEqualTo(43);
    client.drop(stream);
  }

  @Test
  void waitingWriter() {
    RawJsonClient client = client();
    RawJsonClient writer = client();
    long stream = client.stream(BYTES);
    long blob = bits(client.done(message("create_buffer_request", "size", MOST_BYTES)).get("id"));
    writer.say(next(stream, 8));
    assertWaits(writer);
    assertThat(client.refused(next(stream, 8))).isEqualTo(44);
    assertThat(client.refused(push(stream, 4))).isEqualTo(44);
    assertThat(client.refused(stop(stream))).isEqualTo(44);
    assertThat(client.refused(fail(stream))).isEqualTo(44);
    client.done(dropOf(stream));
    assertThat(writer.failed(next(stream, 8))).isEqualTo(43);
    client.done(message("drop_buffer_request", "id", blob));
    client.delete(stream);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void stoppedStream(boolean failed) {
    RawJsonClient client = client();
    long stream = client.stream(BATCHES);
    long chunk = scalar(client, 1);
    client.done(push(stream, chunk));
    client.done(failed ? fail(stream) : stop(stream));
    for (JsonNode message :
        List.of(stop(stream), fail(stream), push(stream, chunk), next(stream, 8))) {
      assertThat(client.refused(message)).as("%s", message).isEqualTo(44);
    }
    client.done(open(stream, READ));
    client.done(open(stream, WRITE));
    assertThat(pulled(client, stream)).isEqualTo(chunk);
    int end = failed ? 43 : 42;
    assertThat(client.refused(pull(stream))).isEqualTo(end);
    assertThat(client.refused(pull(stream))).as("asked again").isEqualTo(end);
    assertThat(client().refused(pull(stream))).as("asked by another").isEqualTo(end);
    assertThat(client.refused(push(stream, chunk))).isEqualTo(44);
    client.drop(stream);
  }

  @Test
  void streamThatWasReadToItsEndStillOpensOnce() {
    RawJsonClient client = client();
    long stream = client.stream(BYTES);
    client.done(stop(stream));
    assertThat(client.refused(pull(stream))).isEqualTo(42);
    for (int mode : new int[] {READ, WRITE}) {
      client.done(open(stream, mode));
      assertThat(client.refused(open(stream, mode))).isEqualTo(45);
    }
    assertThat(client.refused(push(stream, 4))).isEqualTo(44);
    client.drop(stream);
  }

  // Chunks.

  @Test
  void chunkIsPublishedWithTheNextOne() {
    RawJsonClient writer = client();
    RawJsonClient reader = client();
    long stream = writer.stream(BYTES);
    write(writer, stream, 1, 2, 3);
    reader.say(pull(stream));
    assertWaits(reader);
    write(writer, stream);
    long first = bits(reader.answered(pull(stream)).get("chunk"));
    assertThat(reader.bytes(first)).containsExactly(1, 2, 3);
    reader.say(pull(stream));
    assertWaits(reader);
    write(writer, stream, 4);
    assertThat(bits(reader.answered(pull(stream)).get("chunk"))).isEqualTo(EMPTY);
    assertThat(writer.exists(first)).isFalse();
    writer.done(stop(stream));
    assertThat(reader.bytes(pulled(reader, stream))).containsExactly(4);
    assertThat(reader.refused(pull(stream))).isEqualTo(42);
    writer.drop(stream);
  }

  @Test
  void chunksWithoutAReaderWaitForOneInTheirOrder() {
    RawJsonClient writer = client();
    long stream = writer.stream(BATCHES);
    List<Long> chunks = new ArrayList<>();
    List<JsonNode> messages = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      chunks.add(scalar(writer, i));
      messages.add(push(stream, chunks.get(i)));
    }
    messages.add(stop(stream));
    writer.say(messages.toArray(new JsonNode[0]));
    messages.forEach(writer::answered);
    writer.close();
    RawJsonClient reader = client();
    for (long chunk : chunks) {
      assertThat(pulled(reader, stream)).isEqualTo(chunk);
    }
    assertThat(reader.refused(pull(stream))).isEqualTo(42);
    reader.drop(stream);
  }

  @Test
  void onlyWhatExistsIsPushed() {
    RawJsonClient client = client();
    long stream = client.stream(BATCHES);
    long open = bits(client.done(message("create_buffer_request", "size", 8)).get("id"));
    assertThat(client.refused(push(stream, 4))).isEqualTo(12);
    assertThat(client.refused(push(stream, open))).isEqualTo(12);
    client.done(stop(stream));
    assertThat(client.refused(pull(stream))).isEqualTo(42);
    client.drop(stream);
  }

  @Test
  void chunkThatIsPartOfSomethingElseStays() {
    RawJsonClient client = client();
    long stream = client.stream(BATCHES);
    long chunk = scalar(client, 1);
    long parent = client.create(meta("t").set("m", reference(chunk)));
    client.done(push(stream, chunk));
    client.done(push(stream, chunk));
    client.done(stop(stream));
    assertThat(pulled(client, stream)).isEqualTo(chunk);
    assertThat(pulled(client, stream)).isEqualTo(chunk);
    assertThat(client.refused(pull(stream))).isEqualTo(42);
    assertThat(client.exists(chunk)).isTrue();
    client.drop(stream);
    client.delete(parent);
  }

  @Test
  void chunkMayBeDeletedByItsReader() {
    RawJsonClient client = client();
    long stream = client.stream(BYTES);
    client.done(push(stream, client.blob((byte) 1)));
    client.done(push(stream, client.blob((byte) 2)));
    client.delete(pulled(client, stream));
    long second = pulled(client, stream);
    assertThat(client.bytes(second)).containsExactly(2);
    client.drop(stream);
    client.delete(second);
  }

  /** A blob that is pushed and deleted before it is read is still read: its memory is kept. */
  @Test
  void chunkThatIsDeletedBeforeItIsReadIsNoDanger() {
    RawJsonClient client = client();
    long stream = client.stream(BYTES);
    long chunk = client.blob((byte) 1);
    client.done(push(stream, chunk));
    client.delete(chunk);
    assertThat(pulled(client, stream)).isEqualTo(chunk);
    client.drop(stream);
  }

  @Test
  void fullStoreHoldsTheWriterUntilItsReaderGoesOn() {
    RawJsonClient writer = client();
    RawJsonClient reader = client();
    long stream = writer.stream(BYTES);
    int size = (int) (CAPACITY_BYTES / 8);
    int sent = 6; // as many as 80 percent of the store have room for
    for (int i = 0; i < sent; i++) {
      writer.done(next(stream, size));
    }
    writer.say(next(stream, size));
    assertWaits(writer);
    assertThat(reader.bytes(pulled(reader, stream))).hasSize(size);
    assertWaits(writer);
    for (int i = 0; i < 20; i++) {
      assertThat(reader.bytes(pulled(reader, stream))).hasSize(size);
      writer.answered(next(stream, size));
      writer.say(next(stream, size));
      sent++;
    }
    assertWaits(writer);
    writer.close();
    int read = 21;
    while (!reader.ask(pull(stream)).has("code")) {
      read++;
    }
    assertThat(read).as("chunks read, all but the one that was not published").isEqualTo(sent);
    reader.drop(stream);
  }

  @Test
  void memoryThatAnyoneFreesIsForTheWriterThatWaits() {
    RawJsonClient client = client();
    RawJsonClient writer = client();
    long stream = client.stream(BYTES);
    write(writer, stream, 1);
    long blob = bits(client.done(message("create_buffer_request", "size", MOST_BYTES)).get("id"));
    writer.say(next(stream, 8));
    assertWaits(writer);
    client.done(message("drop_buffer_request", "id", blob));
    writer.answered(next(stream, 8));
    client.done(message("memory_trim_request"));
    try (BlobWriter ours = Waits.value(store.createBlob(MOST_BYTES))) {
      writer.say(next(stream, 8));
      assertWaits(writer);
      ours.abort();
    }
    writer.answered(next(stream, 8));
    client.drop(stream);
  }

  @ParameterizedTest
  @ValueSource(longs = {CAPACITY_BYTES, CAPACITY_BYTES * 9 / 10, Long.MAX_VALUE, -1})
  void chunkThatIsLargerThanAStreamMayHaveIsRefused(long sizeBytes) {
    RawJsonClient client = client();
    long stream = client.stream(BYTES);
    write(client, stream, 1);
    assertThat(client.refused(next(stream, sizeBytes))).isEqualTo(41);
    write(client, stream, 2);
    client.done(stop(stream));
    assertThat(client.bytes(pulled(client, stream))).containsExactly(1);
    assertThat(client.bytes(pulled(client, stream))).containsExactly(2);
    assertThat(client.refused(pull(stream))).isEqualTo(42);
    client.drop(stream);
  }

  // Two on one end.

  @Test
  void twoMayReadByTurns() {
    RawJsonClient client = client();
    RawJsonClient other = client();
    long stream = client.stream(BATCHES);
    long[] chunks = new long[6];
    for (int i = 0; i < chunks.length; i++) {
      chunks[i] = scalar(client, i);
      client.done(push(stream, chunks[i]));
    }
    client.done(stop(stream));
    for (int i = 0; i < chunks.length; i++) {
      assertThat(pulled(i % 2 == 0 ? client : other, stream)).isEqualTo(chunks[i]);
    }
    other.close();
    Waits.until("the other to be gone", () -> status().clients() == 2);
    assertThat(pulled(client, stream)).isEqualTo(chunks[5]);
    assertThat(client.refused(pull(stream))).isEqualTo(42);
    client.drop(stream);
  }

  @Test
  void oneOfTwoWritersMayGo() {
    RawJsonClient reader = client();
    RawJsonClient writer = client();
    RawJsonClient other = client();
    long stream = reader.stream(BATCHES);
    long one = scalar(reader, 1);
    long two = scalar(reader, 2);
    writer.done(push(stream, one));
    other.done(push(stream, two));
    writer.close();
    settle();
    assertThat(pulled(reader, stream)).isEqualTo(one);
    assertThat(pulled(reader, stream)).isEqualTo(two);
    reader.say(pull(stream));
    assertWaits(reader);
    other.close();
    assertThat(reader.failed(pull(stream))).isEqualTo(43);
    reader.drop(stream);
  }

  // Deaths.

  @Test
  void lostWriterFailsTheStreamBehindWhatItPublished() {
    RawJsonClient reader = client();
    RawJsonClient writer = client();
    long stream = reader.stream(BYTES);
    write(writer, stream, 1);
    write(writer, stream, 2);
    write(writer, stream, 3);
    writer.close();
    assertThat(reader.bytes(pulled(reader, stream))).containsExactly(1);
    assertThat(reader.bytes(pulled(reader, stream))).containsExactly(2);
    assertThat(reader.refused(pull(stream))).as("without what was not published").isEqualTo(43);
    reader.drop(stream);
  }

  @Test
  void readerInJavaHearsThatAWriterWasLost() {
    RawJsonClient client = client();
    RawJsonClient writer = client();
    long stream = client.stream(BYTES);
    write(writer, stream, 1);
    write(writer, stream, 2);
    writer.close();
    ReaderDriver reader = ReaderDriver.open(store, new ObjectId(stream), 9);
    reader.next().close();
    assertThat(reader.end().code()).isEqualTo(ErrorCode.WRITER_LOST);
    reader.close();
    client.drop(stream);
  }

  @Test
  void readerThatWaitsHearsThatItsWriterWasLost() {
    RawJsonClient reader = client();
    RawJsonClient writer = client();
    long stream = reader.stream(BYTES);
    write(writer, stream, 1);
    reader.say(pull(stream));
    assertWaits(reader);
    writer.close();
    assertThat(reader.failed(pull(stream))).isEqualTo(43);
    reader.drop(stream);
  }

  @Test
  void writerThatOnlyOpenedTheStreamIsMissedToo() {
    RawJsonClient reader = client();
    RawJsonClient writer = client();
    long stream = reader.stream(BYTES);
    writer.done(open(stream, WRITE));
    writer.close();
    assertThat(reader.refused(pull(stream))).isEqualTo(43);
    reader.drop(stream);
  }

  @Test
  void lostReadersChunkGoesToTheNext() {
    RawJsonClient writer = client();
    RawJsonClient reader = client();
    long stream = writer.stream(BYTES);
    for (int i = 1; i <= 4; i++) {
      write(writer, stream, i);
    }
    assertThat(reader.bytes(pulled(reader, stream))).containsExactly(1);
    assertThat(reader.bytes(pulled(reader, stream))).containsExactly(2);
    reader.close();
    RawJsonClient next = client();
    next.done(open(stream, READ));
    assertThat(next.bytes(pulled(next, stream))).containsExactly(2);
    assertThat(next.bytes(pulled(next, stream))).containsExactly(3);
    writer.done(stop(stream));
    assertThat(next.bytes(pulled(next, stream))).containsExactly(4);
    assertThat(next.refused(pull(stream))).isEqualTo(42);
    writer.drop(stream);
  }

  @Test
  void readerThatDiesWhileItWaitsLosesNoChunk() {
    RawJsonClient writer = client();
    long stream = writer.stream(BYTES);
    for (int i = 1; i < 6; i++) {
      RawJsonClient reader = client();
      reader.say(pull(stream));
      assertWaits(reader);
      reader.close();
    }
    write(writer, stream, 1);
    writer.done(stop(stream));
    RawJsonClient reader = client();
    assertThat(reader.bytes(pulled(reader, stream))).containsExactly(1);
    assertThat(reader.refused(pull(stream))).isEqualTo(42);
    writer.drop(stream);
  }

  @Test
  void writerThatDiesWhileItWaitsHoldsNobodyUp() {
    RawJsonClient client = client();
    RawJsonClient writer = client();
    long stream = client.stream(BYTES);
    long blob = bits(client.done(message("create_buffer_request", "size", MOST_BYTES)).get("id"));
    client.done(push(stream, client.blob((byte) 1)));
    writer.say(next(stream, 8));
    assertWaits(writer);
    writer.close();
    Waits.until("the writer to be gone", () -> status().clients() == 2);
    client.done(push(stream, client.blob((byte) 2)));
    client.done(stop(stream));
    assertThat(client.bytes(pulled(client, stream))).containsExactly(1);
    assertThat(client.bytes(pulled(client, stream))).containsExactly(2);
    assertThat(client.refused(pull(stream))).isEqualTo(42);
    client.done(message("drop_buffer_request", "id", blob));
    client.drop(stream);
  }

  /** The memory for a chunk may come when nobody wants it any more: it takes a new segment. */
  @ParameterizedTest
  @ValueSource(strings = {"drop", "stop", "fail", "die", "push", "next"})
  void nothingStaysOfAChunkThatIsBeingMade(String what) {
    for (int i = 0; i < 5; i++) {
      RawJsonClient client = client();
      RawJsonClient writer = client();
      long stream = client.stream(BYTES);
      long chunk = client.blob((byte) 1);
      client.done(message("memory_trim_request"));
      writer.say(next(stream, (5L + i) << 20));
      switch (what) {
        case "drop" -> client.done(dropOf(stream));
        case "stop" -> client.ask(stop(stream));
        case "fail" -> client.ask(fail(stream));
        case "push" -> client.ask(push(stream, chunk));
        case "next" -> client.ask(next(stream, 8));
        default -> writer.close();
      }
      if (!what.equals("die")) {
        assertThat(writer.next()).as("an answer to the writer").isNotNull();
      }
      client.ask(dropOf(stream));
      if (!what.equals("die")) {
        assertThat(writer.refused(stop(stream))).isEqualTo(12);
      }
      client.delete(stream, chunk);
      Waits.until("all memory back while the writer is there", () -> usage() == 0);
    }
  }

  @Test
  void deletedStreamIsDropped() {
    RawJsonClient client = client();
    RawJsonClient reader = client();
    long stream = client.stream(BYTES);
    reader.say(pull(stream));
    assertWaits(reader);
    client.delete(stream);
    assertThat(reader.failed(pull(stream))).isEqualTo(43);
    assertThat(reader.refused(pull(stream))).isEqualTo(12);
  }

  @Test
  void streamThatWasDroppedInJavaCanBeMadeAnew() {
    RawJsonClient client = client();
    RawJsonClient reader = client();
    long stream = client.create(meta(BYTES));
    client.done(createStream(stream));
    reader.say(pull(stream));
    assertWaits(reader);
    Waits.done(store.delete(new ObjectId(stream)));
    assertThat(reader.failed(pull(stream))).isEqualTo(43);
    assertThat(reader.refused(pull(stream))).isEqualTo(12);
    client.done(createStream(stream));
    client.done(dropOf(stream));
    client.delete(stream);
  }

  /** To a reader of Vineyard, which gets no error at an end that is good, it must not be one. */
  @Test
  void streamThatWasDroppedInJavaHasNoGoodEnd() {
    RawJsonClient client = client();
    RawJsonClient reader = client();
    long stream = client.create(meta(BYTES));
    for (boolean isWritten : new boolean[] {false, true}) {
      client.done(createStream(stream));
      if (isWritten) {
        client.done(push(stream, client.blob((byte) 1)));
        write(client, stream, 2);
      }
      Waits.done(store.delete(new ObjectId(stream)));
      assertThat(reader.refused(pull(stream))).isEqualTo(12);
      assertThat(client.refused(next(stream, 8))).isEqualTo(12);
      assertThat(client.refused(dropOf(stream))).isEqualTo(12);
    }
    Waits.until("all memory back", () -> usage() == 0);
  }

  /** Whoever fills a chunk must not write in what is another's by now. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void writerKeepsWhatItFillsWhenTheStreamIsDropped(boolean isDroppedInJava) {
    RawJsonClient client = client();
    RawJsonClient writer = client();
    long stream = client.stream(BYTES);
    JsonNode buffer = writer.done(next(stream, 1)).get("buffer");
    if (isDroppedInJava) {
      Waits.done(store.delete(new ObjectId(stream)));
    } else {
      client.drop(stream);
    }
    long other = client.blob((byte) 3);
    writer.memory(buffer).put(0, (byte) 1);
    assertThat(client.bytes(other)).containsExactly(3);
    assertThat(writer.refused(next(stream, 1))).isEqualTo(12);
    client.delete(other);
    Waits.until("all memory back", () -> usage() == 0);
  }

  @Test
  void readerKeepsItsChunkWhenTheStreamIsDroppedInJava() {
    RawJsonClient client = client();
    RawJsonClient reader = client();
    long stream = client.stream(BYTES);
    client.done(push(stream, client.blob((byte) 1)));
    long chunk = pulled(reader, stream);
    Waits.done(store.delete(new ObjectId(stream)));
    assertThat(reader.bytes(chunk)).containsExactly(1);
    assertThat(reader.refused(pull(stream))).isEqualTo(12);
    Waits.until("the chunk to be gone", () -> !client.exists(chunk));
  }

  @Test
  void streamNeedsNoObject() {
    RawJsonClient client = client();
    for (int i = 0; i < 2; i++) {
      client.done(createStream(77));
      write(client, 77, 5);
      client.done(stop(77));
      assertThat(client.bytes(pulled(client, 77))).containsExactly(5);
      assertThat(client.refused(pull(77))).isEqualTo(42);
      client.done(dropOf(77));
    }
  }

  /** The memory of a chunk is for others only when its reader is done with it. */
  @ParameterizedTest
  @ValueSource(strings = {"pull", "pull anew", "go"})
  void readerKeepsItsChunkWhenTheStreamIsDropped(String what) {
    RawJsonClient client = client();
    RawJsonClient reader = client();
    long stream = client.stream(BYTES);
    client.done(push(stream, client.blob((byte) 1)));
    client.done(push(stream, client.blob((byte) 2)));
    long chunk = pulled(reader, stream);
    JsonNode get = message("get_buffers_request", "ids", ids(chunk));
    ByteBuffer mapped = reader.memory(reader.done(get).get("payloads").get(0));
    client.drop(stream);
    long other = client.blob((byte) 3);
    assertThat(reader.done(get).get("num").asInt()).isEqualTo(1);
    assertThat(mapped.get(0)).isEqualTo((byte) 1);
    switch (what) {
      case "pull" -> assertThat(reader.refused(pull(stream))).isEqualTo(12);
      case "pull anew" -> {
        client.done(createStream(stream));
        client.done(stop(stream));
        assertThat(reader.refused(pull(stream))).isEqualTo(42);
        client.done(dropOf(stream));
      }
      default -> reader.close();
    }
    Waits.until("the chunk to be gone", () -> !client.exists(chunk));
    client.delete(other);
    Waits.until("all memory back", () -> usage() == 0);
  }
}
