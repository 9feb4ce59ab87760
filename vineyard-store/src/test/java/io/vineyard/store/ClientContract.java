package io.vineyard.store;

import static io.vineyard.store.BlobContract.code;
import static io.vineyard.store.BlobContract.seal;
import static io.vineyard.store.Waits.done;
import static io.vineyard.store.Waits.error;
import static io.vineyard.store.Waits.value;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** What every store promises of its clients: attaching one more, and closing one. */
public interface ClientContract extends StoreContract {
  @Test
  default void forkIsAClientOfItsOwn() {
    ObjectStore fork = value(store().fork());
    assertThat(value(store().status()).clients()).isEqualTo(3);
    ObjectId id = seal(fork, 10);
    Mono<Void> closed = fork.onClose();
    assertThat(fork.isClosed()).isFalse();
    fork.close();
    assertThat(fork.isClosed()).isTrue();
    fork.close();
    done(closed);
    done(fork.onClose());
    Waits.until("2 clients", () -> value(store().status()).clients() == 2);
    BlobContract.check(store(), id, 10);
    done(store().delete(id));
  }

  @Test
  default void closedClientRefusesEverything() {
    ObjectId id = new ObjectId(77);
    store().close();
    List<Supplier<Mono<?>>> calls =
        List.of(
            () -> store().createBlob(10),
            () -> store().createBlob(0),
            () -> store().getBlob(ObjectId.EMPTY_BLOB),
            () -> store().createObject(ObjectMeta.builder("test::Leaf").build()),
            () -> store().getMeta(id),
            () -> store().get(id),
            () -> store().list("*", 1).then(),
            () -> store().delete(id),
            () -> store().persist(id),
            () -> store().putName(id, "x"),
            () -> store().getName("x"),
            () -> store().getName("x", Waits.PATIENCE),
            () -> store().dropName("x"),
            () -> store().createStream(StreamSpec.create()),
            () -> store().getStream(id),
            () -> store().openWriter(id),
            () -> store().openReader(id, () -> {}),
            () -> store().status(),
            () -> store().fork());
    for (Supplier<Mono<?>> call : calls) {
      assertThat(error(call.get())).isInstanceOf(StoreLostException.class);
    }
    done(store().onClose());
    assertThat(value(other().status()).capacityBytes()).isEqualTo(StoreContract.CAPACITY_BYTES);
  }

  @Test
  default void waitingRequestsEndWithTheClient() {
    var waiting = store().getName("never", Waits.PATIENCE).toFuture();
    Waits.value(store().status());
    store().close();
    assertThat(waiting)
        .failsWithin(Waits.PATIENCE)
        .withThrowableThat()
        .withCauseInstanceOf(StoreLostException.class);
  }

  @Test
  default void whatWasReceivedOutlivesTheClient() {
    ObjectId id = seal(other(), 1000);
    Blob blob = value(store().getBlob(id));
    store().close();
    Waits.until("no leases", () -> value(other().status()).leases() == 0);
    done(other().delete(id));
    Pattern.check(blob.address(), 1000, 1000);
    blob.close();
  }

  @Test
  default void memoryOfABlobBeingWrittenOutlivesTheClient() {
    BlobWriter first = value(store().createBlob(1000));
    BlobWriter second = value(store().createBlob(1000));
    store().close();
    Pattern.fill(first.address(), 1000, 1);
    Pattern.fill(second.address(), 1000, 1);
    first.abort();
    assertThat(error(second.seal())).satisfies(code(ErrorCode.STORE_LOST));
  }

  @Test
  default void cancelledForksGo() {
    for (int i = 0; i < 50; i++) {
      Cancels.after(i, store().fork(), ObjectStore::close);
    }
    Waits.until("2 clients", () -> value(store().status()).clients() == 2);
  }

  @Test
  default void clientOfAnIdleReaderLeavesAtOnce() {
    ObjectId stream = StreamContract.create(other());
    ObjectStore fork = value(store().fork());
    ChunkReader reader = value(fork.openReader(stream, () -> {}));
    reader.request(1);
    ReaderDriver.settle(fork);
    long begun = System.nanoTime();
    fork.close();
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(3));
    Waits.until("2 clients", () -> value(store().status()).clients() == 2);
    reader.close();
    done(other().delete(stream));
  }

  @Test
  default void lostClientsGiveEverythingBack() {
    ObjectId id = seal(other(), 1000);
    for (int i = 0; i < 20; i++) {
      ObjectId stream = StreamContract.create(other());
      ObjectStore fork = value(store().fork());
      Cancels.take(fork.getBlob(id), Blob::close);
      Cancels.take(fork.createBlob(StoreContract.SEGMENT_BYTES), BlobWriter::abort);
      Cancels.take(fork.openReader(stream, () -> {}), ChunkReader::close);
      Cancels.take(fork.openWriter(stream), ChunkWriter::close);
      Cancels.spin(i * 10);
      fork.close();
      Waits.until("2 clients", () -> value(store().status()).clients() == 2);
      assertThat(value(store().status()).leases()).isZero();
      // Its end may have been seen before the fork was closed.
      done(other().delete(stream).onErrorComplete());
    }
    done(other().delete(id));
  }
}
