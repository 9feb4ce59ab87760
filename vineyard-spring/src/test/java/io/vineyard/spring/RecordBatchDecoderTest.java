package io.vineyard.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.vineyard.http.BatchBodyDecoder;
import io.vineyard.http.BatchBodyEncoder;
import io.vineyard.http.Flights;
import io.vineyard.store.arrow.RecordBatch;
import java.util.Arrays;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.core.ResolvableType;
import org.springframework.core.codec.DecodingException;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Bodies that are to have one batch, and have not. */
class RecordBatchDecoderTest {
  private final BufferAllocator memory = new RootAllocator();

  @AfterEach
  void nothingIsLeft() {
    assertThat(memory.getAllocatedMemory()).isZero();
    memory.close();
  }

  private byte[] body(int batches) {
    ByteBuf all = Unpooled.buffer();
    BatchBodyEncoder.create()
        .encode(
            Flux.range(0, batches).map(n -> Flights.batch(memory, n, 10)),
            UnpooledByteBufAllocator.DEFAULT)
        .doOnNext(
            part -> {
              all.writeBytes(part);
              part.release();
            })
        .blockLast();
    byte[] bytes = new byte[all.readableBytes()];
    all.readBytes(bytes);
    return bytes;
  }

  private Mono<RecordBatch> decode(byte[] body, int size) {
    DataBuffer buffer = DefaultDataBufferFactory.sharedInstance.wrap(Arrays.copyOf(body, size));
    return new RecordBatchDecoder(BatchBodyDecoder.create().allocator(memory))
        .decodeToMono(
            Mono.just(buffer), ResolvableType.forClass(RecordBatch.class), null, Map.of());
  }

  @Test
  void oneBatchIsTaken() {
    byte[] body = body(1);
    StepVerifier.create(decode(body, body.length))
        .consumeNextWith(RecordBatch::close)
        .verifyComplete();
  }

  @Test
  void furtherBatchesAreAnErrorAndAllAreClosed() {
    byte[] body = body(3);
    StepVerifier.create(decode(body, body.length)).verifyError(DecodingException.class);
  }

  @Test
  void batchBeforeTheCutIsClosed() {
    byte[] body = body(1);
    // the mark of the end is cut off in its middle
    StepVerifier.create(decode(body, body.length - 2)).verifyError(DecodingException.class);
  }
}
