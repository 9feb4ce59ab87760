package io.vineyard.store;

import static io.vineyard.store.Waits.done;
import static io.vineyard.store.Waits.error;
import static io.vineyard.store.Waits.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What every store promises of blobs. */
public interface BlobContract extends StoreContract {
  /** Seals a blob with the {@link Pattern} of its size. */
  static ObjectId seal(ObjectStore store, long sizeBytes) {
    try (BlobWriter writer = value(store.createBlob(sizeBytes))) {
      if (sizeBytes > 0) {
        Pattern.fill(writer.address(), sizeBytes, sizeBytes);
      }
      return value(writer.seal());
    }
  }

  /** Reads a blob with the {@link Pattern} of its size. */
  static void check(ObjectStore store, ObjectId id, long sizeBytes) {
    try (Blob blob = value(store.getBlob(id))) {
      assertThat(blob.id()).isEqualTo(id);
      assertThat(blob.sizeBytes()).isEqualTo(sizeBytes);
      Pattern.check(blob.address(), sizeBytes, sizeBytes);
    }
  }

  /** A check of the error that comes with a code. */
  static Consumer<Throwable> code(ErrorCode code) {
    return error ->
        assertThat(error)
            .isInstanceOfSatisfying(
                VineyardException.class, e -> assertThat(e.code()).as("%s", e).isEqualTo(code));
  }

  @Test
  default void sealedBlobIsReadByEveryClient() {
    ObjectId id = seal(store(), 1000);
    assertThat(id.isBlob()).isTrue();
    check(store(), id, 1000);
    check(other(), id, 1000);
    assertThat(value(other().getMeta(id))).isEqualTo(ObjectMeta.blob(id, 1000));
    done(other().delete(id));
  }

  @Test
  default void blobOfOneByteIsWhole() {
    ObjectId id;
    try (BlobWriter writer = value(store().createBlob(1))) {
      writer.view(0, 1).put(0, (byte) 42);
      id = value(writer.seal());
    }
    try (Blob blob = value(other().getBlob(id))) {
      assertThat(blob.view(0, 1).get(0)).isEqualTo((byte) 42);
      assertThat(blob.view(0, 1).isReadOnly()).isTrue();
    }
    done(store().delete(id));
  }

  @Test
  default void emptyBlobHasNoMemory() {
    try (BlobWriter writer = value(store().createBlob(0))) {
      assertThat(writer.sizeBytes()).isZero();
      assertThat(writer.address()).isZero();
      assertThat(writer.view(0, 0).remaining()).isZero();
      assertThat(value(writer.seal())).isEqualTo(ObjectId.EMPTY_BLOB);
    }
    try (Blob blob = value(other().getBlob(ObjectId.EMPTY_BLOB))) {
      assertThat(blob.sizeBytes()).isZero();
      assertThat(blob.address()).isZero();
      assertThat(blob.view(0, 0).remaining()).isZero();
    }
  }

  @Test
  default void blobLargerThanASegmentIsWhole() {
    long size = 3 * SEGMENT_BYTES + 5;
    ObjectId id = seal(store(), size);
    check(other(), id, size);
    check(store(), id, size);
    done(store().delete(id));
  }

  @Test
  default void blobsOfAllSizesShareSegments() {
    ObjectId[] ids = new ObjectId[100];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = seal(store(), 1 + 37L * i);
    }
    assertThat(value(store().status()).segments()).isEqualTo(1);
    for (int i = 0; i < ids.length; i++) {
      check(other(), ids[i], 1 + 37L * i);
      done(other().delete(ids[i]));
    }
  }

  @Test
  default void unsealedBlobIsInvisible() {
    try (BlobWriter writer = value(store().createBlob(100))) {
      assertThat(writer.sizeBytes()).isEqualTo(100);
      assertThat(other().list("*", 10).collectList().block(Waits.PATIENCE)).isEmpty();
      assertThat(value(other().status()).objects()).isZero();
    }
  }

  @Test
  default void unknownBlobIsRefused() {
    ObjectId unknown = ObjectId.parse("o8000000000000007");
    assertThat(error(store().getBlob(unknown)))
        .satisfies(code(ErrorCode.OBJECT_NOT_EXISTS))
        .hasMessageContaining(unknown.toString());
    assertThat(error(store().getMeta(unknown))).satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
  }

  @Test
  default void blobOfANegativeSizeIsRefused() {
    assertThat(error(store().createBlob(-1)))
        .satisfies(code(ErrorCode.INVALID))
        .hasMessageContaining("-1");
  }

  @Test
  default void sealedBlobRejectsWrites() {
    BlobWriter writer = value(store().createBlob(100));
    ObjectId id = value(writer.seal());
    assertThatThrownBy(writer::address).satisfies(code(ErrorCode.OBJECT_SEALED));
    assertThatThrownBy(() -> writer.view(0, 1)).satisfies(code(ErrorCode.OBJECT_SEALED));
    assertThat(error(writer.seal())).satisfies(code(ErrorCode.OBJECT_SEALED));
    writer.abort();
    check(other(), id);
    done(store().delete(id));
  }

  /** Leases a blob, whatever is in it. */
  private static void check(ObjectStore store, ObjectId id) {
    try (Blob blob = value(store.getBlob(id))) {
      assertThat(blob.id()).isEqualTo(id);
    }
  }

  @Test
  default void sealingHappensWithoutASubscriber() {
    BlobWriter writer = value(store().createBlob(100));
    writer.seal();
    Waits.until("1 sealed blob", () -> value(store().status()).objects() == 1);
    done(store().list("*", 1).flatMap(meta -> store().delete(meta.requireId())).then());
  }

  @Test
  default void abortedBlobGivesItsMemoryBack() {
    BlobWriter writer = value(store().createBlob(100));
    writer.abort();
    writer.abort();
    writer.close();
    assertThatThrownBy(writer::address).satisfies(code(ErrorCode.OBJECT_SEALED));
    assertThat(error(writer.seal())).satisfies(code(ErrorCode.OBJECT_SEALED));
    Waits.until("no used bytes", () -> value(store().status()).usedBytes() == 0);
  }

  @Test
  default void partOutsideOfABlobIsRefused() {
    ObjectId id;
    try (BlobWriter writer = value(store().createBlob(100))) {
      assertThatThrownBy(() -> writer.view(0, 101)).satisfies(code(ErrorCode.INVALID));
      assertThatThrownBy(() -> writer.view(-1, 1)).satisfies(code(ErrorCode.INVALID));
      assertThatThrownBy(() -> writer.view(0, -1)).satisfies(code(ErrorCode.INVALID));
      assertThatThrownBy(() -> writer.view(Long.MAX_VALUE, 1)).satisfies(code(ErrorCode.INVALID));
      id = value(writer.seal());
    }
    try (Blob blob = value(other().getBlob(id))) {
      assertThatThrownBy(() -> blob.view(100, 1)).satisfies(code(ErrorCode.INVALID));
      assertThat(blob.view(100, 0).remaining()).isZero();
    }
    done(store().delete(id));
  }

  @Test
  default void deletedBlobStaysReadableUntilItIsClosed() {
    ObjectId id = seal(store(), 1000);
    try (Blob blob = value(other().getBlob(id))) {
      done(store().delete(id));
      assertThat(error(store().getBlob(id))).satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
      ObjectId next = seal(store(), 1000);
      Pattern.check(blob.address(), 1000, 1000);
      assertThat(value(store().status()).leases()).isEqualTo(1);
      done(store().delete(next));
    }
    assertThat(error(store().delete(id))).satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
  }

  @Test
  default void closedBlobIsNotReadable() {
    ObjectId id = seal(store(), 1000);
    Blob blob = value(other().getBlob(id));
    Blob again = value(other().getBlob(id));
    blob.close();
    blob.close();
    assertThatThrownBy(blob::address).satisfies(code(ErrorCode.ALREADY_STOPPED));
    assertThatThrownBy(() -> blob.view(0, 1)).satisfies(code(ErrorCode.ALREADY_STOPPED));
    Pattern.check(again.address(), 1000, 1000);
    again.close();
    done(store().delete(id));
  }

  @Test
  default void blobIsReadableAfterItsWriterHasGone() {
    ObjectId id;
    try (ObjectStore fork = value(store().fork())) {
      id = seal(fork, 1000);
    }
    Waits.until("the fork gone", () -> value(store().status()).clients() == 2);
    check(store(), id, 1000);
    done(other().delete(id));
  }

  @Test
  default void tooLargeABlobSaysWhatWasAskedAndWhatIsFree() {
    ObjectId half = seal(store(), CAPACITY_BYTES / 2);
    long free = value(store().status()).freeBytes();
    assertThat(error(other().createBlob(CAPACITY_BYTES)))
        .satisfies(code(ErrorCode.NOT_ENOUGH_MEMORY))
        .hasMessageContaining("asked for " + CAPACITY_BYTES + " bytes")
        .hasMessageContaining(free + " of " + CAPACITY_BYTES + " bytes are free");
    assertThat(value(store().status()).freeBytes()).isEqualTo(free);
    check(other(), half, CAPACITY_BYTES / 2);
    done(store().delete(half));
    Waits.until("no used bytes", () -> value(store().status()).usedBytes() == 0);
    ObjectId whole = seal(other(), CAPACITY_BYTES);
    check(store(), whole, CAPACITY_BYTES);
    done(store().delete(whole));
  }

  @Test
  default void eachOfSeveralBlobsGetsItsOwnRefusal() {
    var large = store().createBlob(CAPACITY_BYTES + 1).toFuture();
    var larger = store().createBlob(CAPACITY_BYTES + 2).toFuture();
    var small = store().createBlob(1000).toFuture();
    assertThat(large)
        .failsWithin(Waits.PATIENCE)
        .withThrowableThat()
        .withMessageContaining("asked for " + (CAPACITY_BYTES + 1));
    assertThat(larger)
        .failsWithin(Waits.PATIENCE)
        .withThrowableThat()
        .withMessageContaining("asked for " + (CAPACITY_BYTES + 2));
    assertThat(small).succeedsWithin(Waits.PATIENCE).satisfies(BlobWriter::abort);
  }

  @Test
  default void cancelledBlobsGiveTheirMemoryBack() {
    for (int i = 0; i < 100; i++) {
      Cancels.after(i, store().createBlob(SEGMENT_BYTES), BlobWriter::abort);
    }
  }

  @Test
  default void cancelledGetsReturnTheirLeases() {
    ObjectId id = seal(store(), 1000);
    for (int i = 0; i < 200; i++) {
      Cancels.after(i, other().getBlob(id), Blob::close);
    }
    Waits.until("no leases", () -> value(store().status()).leases() == 0);
    done(store().delete(id));
  }
}
