package io.vineyard.reactive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.ByteChunk;
import io.vineyard.store.arrow.RandomBatches;
import io.vineyard.store.arrow.RandomTypes;
import io.vineyard.store.arrow.RecordBatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What the kinds of streams have each, and how streams are found. */
interface KindContract extends TwoClients {

  @Test
  default void aStreamIsFoundByItsNameAlsoBeforeItIsThere() {
    Mono<RecordBatchStream> waiting =
        RecordBatchStream.open(other(), "later", Duration.ofSeconds(10)).cache();
    waiting.subscribe();
    RecordBatchStream stream =
        Waits.value(RecordBatchStream.create(store(), StreamSpec.named("later")));
    assertThat(Waits.value(waiting).id()).isEqualTo(stream.id());
    assertThat(Waits.value(waiting).name()).isEqualTo("later");
    VineyardException taken =
        Waits.error(RecordBatchStream.create(other(), StreamSpec.named("later")));
    assertThat(taken.code()).isEqualTo(ErrorCode.OBJECT_EXISTS);
    Waits.done(stream.drop());
  }

  @Test
  default void aStreamOfAnotherKindIsATypedError() {
    ByteStream stream = Waits.value(ByteStream.create(store()));
    VineyardException wrong = Waits.error(RecordBatchStream.open(other(), stream.id()));
    assertThat(wrong.code()).isEqualTo(ErrorCode.OBJECT_TYPE_ERROR);
    assertThat(wrong)
        .hasMessageContaining(stream.id().toString())
        .hasMessageContaining(StreamSpec.BYTES)
        .hasMessageContaining(StreamSpec.RECORD_BATCHES);
    Waits.done(stream.drop());
  }

  @Test
  default void bytesGoThroughAStream() {
    ByteStream stream = Waits.value(ByteStream.create(store()));
    StreamWriter<ByteChunk> writer = stream.writerNow();
    ArrowBuf built = writer.allocator().buffer(5);
    built.writeBytes("built".getBytes(UTF_8));
    assertThat(writer.tryEmitNext(ByteChunk.of(built)).isSuccess()).isTrue();
    assertThat(writer.tryEmitNext(ByteChunk.copyOf("foreign".getBytes(UTF_8))).isSuccess())
        .isTrue();
    assertThat(writer.tryEmitNext(ByteChunk.copyOf(new byte[0])).isSuccess()).isTrue();
    ObjectId blob =
        Waits.value(
            store()
                .createBlob(4)
                .flatMap(
                    open -> {
                      open.view(0, 4).put("blob".getBytes(UTF_8));
                      return open.seal();
                    }));
    Waits.done(writer.append(blob));
    writer.tryEmitComplete();
    // the blob was built by the same client, in memory that a chunk can be made of
    assertThat(writer.stats().copiedElements()).isEqualTo(1);
    List<String> seen =
        Waits.value(
            ByteStream.open(other(), stream.id())
                .flatMapMany(found -> found.reader(chunk -> new String(chunk.toByteArray(), UTF_8)))
                .collectList());
    assertThat(seen).containsExactly("built", "foreign", "", "blob");
    Waits.done(store().delete(blob));
  }

  @Test
  default void dataFramesHaveEachTheirOwnSchema() {
    DataframeStream stream = Waits.value(DataframeStream.create(store()));
    StreamWriter<RecordBatch> writer = stream.writerNow();
    RandomBatches random = new RandomBatches(1, Batches.FOREIGN);
    List<RecordBatch> sent = new ArrayList<>();
    for (RandomTypes.Type type : RandomTypes.all()) {
      sent.add(random.batch(List.of(RandomBatches.field("x", type)), 10));
    }
    assertSameArrive(writer, sent, DataframeStream.open(other(), stream.id()));
  }

  @Test
  default void dictionariesComeWithTheirBatchesAndAreCopiedOnce() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    List<Field> values =
        RandomTypes.flat().stream().skip(1).map(type -> RandomBatches.field("v", type)).toList();
    RecordBatch batch = new RandomBatches(2, Batches.FOREIGN).dictionaryBatch(values, 20);
    List<RecordBatch> sent = new ArrayList<>(List.of(batch));
    for (int i = 1; i < 10; i++) {
      sent.add(batch.share());
    }
    assertSameArrive(writer, sent, RecordBatchStream.open(other(), stream.id()));
  }

  private void assertSameArrive(
      StreamWriter<RecordBatch> writer,
      List<RecordBatch> sent,
      Mono<? extends VineyardStream<RecordBatch>> elsewhere) {
    List<RecordBatch> expected = sent.stream().map(RecordBatch::share).toList();
    Flux<Boolean> received =
        elsewhere
            .flatMapMany(VineyardStream::reader)
            // to the end: who leaves with the last element may not have seen that it was the last
            .index()
            .map(
                arrived -> {
                  try (RecordBatch left = arrived.getT2();
                      RecordBatch right = expected.get(arrived.getT1().intValue())) {
                    return left.hasSameContent(right);
                  }
                });
    List<Boolean> same =
        Waits.value(
            Flux.merge(writer.write(Flux.fromIterable(sent)).cast(Boolean.class), received)
                .collectList());
    assertThat(same).hasSize(sent.size()).containsOnly(true);
  }
}
