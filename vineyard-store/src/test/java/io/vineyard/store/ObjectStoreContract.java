package io.vineyard.store;

import static io.vineyard.store.BlobContract.code;
import static io.vineyard.store.BlobContract.seal;
import static io.vineyard.store.Waits.done;
import static io.vineyard.store.Waits.error;
import static io.vineyard.store.Waits.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** What every store promises of objects, names and its clients. */
public interface ObjectStoreContract extends BlobContract, ClientContract {
  /** A value that is a blob with a size, and how it is stored and opened. */
  record Pair(ObjectMeta meta, StoredObject object) implements AutoCloseable {
    static final String TYPE = "test::Pair";
    static final Layout<Pair> LAYOUT =
        new Layout<>() {
          @Override
          public boolean accepts(String typeName) {
            return typeName.equals(TYPE);
          }

          @Override
          public Pair open(StoredObject object) {
            return new Pair(object.meta(), object);
          }
        };

    static Storable of(long left, long right) {
      return store ->
          Mono.fromCallable(() -> pair(store, left, right).requireId())
              .subscribeOn(Schedulers.boundedElastic());
    }

    @Override
    public void close() {
      object.close();
    }
  }

  /** Creates an object with two blobs. */
  private static ObjectMeta pair(ObjectStore store, long left, long right) {
    return value(
        store.createObject(
            ObjectMeta.builder(Pair.TYPE)
                .member("left", ObjectMeta.reference(seal(store, left)))
                .member("right", ObjectMeta.reference(seal(store, right)))
                .build()));
  }

  @Test
  default void treeComesBackWhole() {
    ObjectId blob = seal(store(), 500);
    ObjectMeta leaf =
        ObjectMeta.builder("test::Leaf")
            .field("text", "ä \"quoted\"\n")
            .field("long", Long.MIN_VALUE)
            .field("double", -0.5)
            .field("yes", true)
            .member("bytes", ObjectMeta.reference(blob))
            .build();
    ObjectMeta created =
        value(
            store()
                .createObject(
                    ObjectMeta.builder("test::Tree")
                        .member("first", leaf)
                        .member("empty", ObjectMeta.reference(ObjectId.EMPTY_BLOB))
                        .member("second", leaf)
                        .build()));
    ObjectMeta seen = value(other().getMeta(created.requireId()));
    assertThat(seen).isEqualTo(created);
    assertThat(seen.sizeBytes()).isEqualTo(1000);
    assertThat(seen.members().keySet()).containsExactly("first", "empty", "second");
    assertThat(seen.member("first").requireId()).isNotEqualTo(seen.member("second").requireId());
    assertThat(seen.member("first").fields())
        .isEqualTo(
            Map.of("text", "ä \"quoted\"\n", "long", Long.MIN_VALUE, "double", -0.5, "yes", true));
    assertThat(seen.member("second").member("bytes")).isEqualTo(ObjectMeta.blob(blob, 500));
    assertThat(value(store().status()).objects()).isEqualTo(4);
    done(other().delete(created.requireId()));
  }

  @Test
  default void objectWithAnUnknownMemberIsRefusedWhole() {
    ObjectId unknown = new ObjectId(77);
    ObjectMeta meta =
        ObjectMeta.builder("test::Tree")
            .member("new", ObjectMeta.builder("test::Leaf").build())
            .member("unknown", ObjectMeta.reference(unknown))
            .build();
    assertThat(error(store().createObject(meta)))
        .satisfies(code(ErrorCode.OBJECT_NOT_EXISTS))
        .hasMessageContaining(unknown.toString());
    assertThat(value(store().status()).objects()).isZero();
  }

  @Test
  default void referenceAloneAndBlobAreNoObjectsToCreate() {
    assertThat(error(store().createObject(ObjectMeta.reference(new ObjectId(1)))))
        .satisfies(code(ErrorCode.META_TREE_INVALID));
    assertThat(error(store().createObject(ObjectMeta.builder(ObjectMeta.BLOB).build())))
        .satisfies(code(ErrorCode.META_TREE_INVALID));
  }

  @Test
  default void treesDeeperThanTheStoreAllowsAreRefused() {
    ObjectMeta meta = ObjectMeta.builder("test::Leaf").build();
    for (int i = 0; i < 100; i++) {
      meta = ObjectMeta.builder("test::Tree").member("next", meta).build();
    }
    assertThat(error(store().createObject(meta))).satisfies(code(ErrorCode.META_TREE_INVALID));
    assertThat(value(store().status()).objects()).isZero();
  }

  @Test
  default void treesThatGrowByReferencesAreBoundedAsWell() {
    ObjectMeta top = value(store().createObject(ObjectMeta.builder("test::Leaf").build()));
    VineyardException refusal = null;
    for (int i = 0; i < 100 && refusal == null; i++) {
      ObjectMeta both =
          ObjectMeta.builder("test::Tree")
              .member("left", ObjectMeta.reference(top.requireId()))
              .member("right", ObjectMeta.reference(top.requireId()))
              .build();
      try {
        top = value(store().createObject(both));
      } catch (VineyardException e) {
        refusal = e;
      }
    }
    assertThat(refusal).satisfies(code(ErrorCode.META_TREE_INVALID));
    done(other().delete(top.requireId()));
  }

  @Test
  default void gotObjectLeasesAllItsBlobs() {
    ObjectId id = pair(store(), 100, 2 * SEGMENT_BYTES).requireId();
    StoredObject object = value(other().get(id));
    ObjectId left = object.meta().member("left").requireId();
    ObjectId right = object.meta().member("right").requireId();
    Pattern.check(object.blob(left).address(), 100, 100);
    Pattern.check(object.blob(right).address(), 2 * SEGMENT_BYTES, 2 * SEGMENT_BYTES);
    assertThat(value(store().status()).leases()).isEqualTo(2);
    assertThatThrownBy(() -> object.blob(new ObjectId(1)))
        .satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
    done(store().delete(id));
    Pattern.check(object.blob(left).address(), 100, 100);
    object.close();
    object.close();
    assertThatThrownBy(() -> object.blob(left).address())
        .satisfies(code(ErrorCode.ALREADY_STOPPED));
  }

  @Test
  default void valueIsPutAndGotThroughItsLayout() {
    ObjectId id = value(store().put(Pair.of(10, 20)));
    try (Pair pair = value(other().get(id, Pair.LAYOUT))) {
      assertThat(pair.meta().sizeBytes()).isEqualTo(30);
    }
    done(store().delete(id));
  }

  @Test
  default void objectOfAnotherLayoutIsRefusedWithoutALease() {
    ObjectId blob = seal(store(), 10);
    assertThat(error(other().get(blob, Pair.LAYOUT))).satisfies(code(ErrorCode.OBJECT_TYPE_ERROR));
    Waits.until("no leases", () -> value(store().status()).leases() == 0);
    done(store().delete(blob));
  }

  @Test
  default void objectIsNoBlob() {
    ObjectId id = value(store().createObject(ObjectMeta.builder("test::Leaf").build())).requireId();
    assertThat(error(store().getBlob(id))).satisfies(code(ErrorCode.OBJECT_TYPE_ERROR));
    done(store().delete(id));
  }

  @Test
  default void deletingAnObjectLeavesMembersThatOthersHave() {
    ObjectMeta first = pair(store(), 10, 20);
    ObjectMeta second =
        value(
            store()
                .createObject(
                    ObjectMeta.builder("test::Tree")
                        .member("shared", ObjectMeta.reference(first.member("left").requireId()))
                        .build()));
    done(store().delete(first.requireId()));
    BlobContract.check(other(), first.member("left").requireId(), 10);
    assertThat(error(store().getBlob(first.member("right").requireId())))
        .satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
    done(store().delete(second.requireId()));
    assertThat(value(store().status()).objects()).isZero();
  }

  @Test
  default void memberOfAnotherObjectIsNotDeleted() {
    ObjectMeta pair = pair(store(), 10, 20);
    ObjectId left = pair.member("left").requireId();
    assertThat(error(store().delete(left)))
        .satisfies(code(ErrorCode.INVALID))
        .hasMessageContaining(left.toString());
    BlobContract.check(store(), left, 10);
    done(store().delete(pair.requireId()));
    assertThat(error(store().delete(pair.requireId())))
        .satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
  }

  @Test
  default void listFindsByPatternInTheOrderOfIds() {
    ObjectId a = value(store().createObject(ObjectMeta.builder("test::A").build())).requireId();
    ObjectId stream = value(store().createStream(StreamSpec.create())).id();
    ObjectId b = value(other().createObject(ObjectMeta.builder("test::B").build())).requireId();
    ObjectId blob = seal(other(), 1);
    assertThat(ids("*", 10)).containsExactly(a, stream, b, blob);
    assertThat(ids("*", 2)).containsExactly(a, stream);
    assertThat(ids("*", 1)).containsExactly(a);
    assertThat(ids("*", 0)).isEmpty();
    assertThat(ids("test::*", 10)).containsExactly(a, b);
    assertThat(ids("*::B", 10)).containsExactly(b);
    assertThat(ids("*Stream", 10)).containsExactly(stream);
    assertThat(ids("test", 10)).isEmpty();
    assertThat(error(store().list("*", -1).then())).satisfies(code(ErrorCode.INVALID));
    List.of(a, stream, b, blob).forEach(id -> done(store().delete(id)));
  }

  private List<ObjectId> ids(String pattern, int limit) {
    return value(store().list(pattern, limit).map(ObjectMeta::requireId).collectList());
  }

  @Test
  default void persistMarksTheWholeTree() {
    ObjectMeta pair = pair(store(), 10, 20);
    assertThat(pair.isPersistent()).isFalse();
    done(other().persist(pair.requireId()));
    ObjectMeta seen = value(store().getMeta(pair.requireId()));
    assertThat(seen.isPersistent()).isTrue();
    assertThat(seen.member("left").isPersistent()).isTrue();
    assertThat(error(store().persist(new ObjectId(77))))
        .satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
    done(store().delete(pair.requireId()));
  }

  /** Creates an object without members. */
  private static ObjectId leaf(ObjectStore store) {
    return value(store.createObject(ObjectMeta.builder("test::Leaf").build())).requireId();
  }

  @Test
  default void blobMayHaveAName() {
    ObjectId id = seal(store(), 1);
    done(store().putName(id, "x"));
    assertThat(value(other().getName("x"))).isEqualTo(id);
    done(store().delete(id));
    assertThat(error(store().getName("x"))).satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
  }

  @Test
  default void nameLeadsToAnObjectUntilItIsDropped() {
    ObjectId first = leaf(store());
    ObjectId second = leaf(store());
    assertThat(error(store().getName("x"))).satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
    done(store().putName(first, "x"));
    assertThat(value(other().getName("x"))).isEqualTo(first);
    done(other().putName(second, "x"));
    assertThat(value(store().getName("x", Duration.ofSeconds(5)))).isEqualTo(second);
    assertThat(value(store().dropName("x"))).isTrue();
    assertThat(value(store().dropName("x"))).isFalse();
    assertThat(error(store().getName("x"))).satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
    done(store().delete(first));
    done(store().delete(second));
  }

  @Test
  default void nameOfADeletedObjectIsGone() {
    ObjectId id = leaf(store());
    done(store().putName(id, "x"));
    done(store().putName(id, "y"));
    done(store().delete(id));
    assertThat(error(store().getName("x"))).satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
    assertThat(value(store().status()).names()).isZero();
  }

  @Test
  default void namesOutsideOfTheirBoundsAreRefused() {
    ObjectId id = leaf(store());
    String tooLong = "x".repeat(2000);
    assertThat(error(store().putName(id, ""))).satisfies(code(ErrorCode.INVALID));
    assertThat(error(store().putName(id, tooLong))).satisfies(code(ErrorCode.INVALID));
    assertThat(error(store().getName(tooLong))).satisfies(code(ErrorCode.INVALID));
    assertThat(error(store().putName(new ObjectId(77), "x")))
        .satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
    done(store().delete(id));
  }

  @Test
  default void nameIsWaitedFor() {
    ObjectId id = leaf(store());
    var waiting = store().getName("late", Waits.PATIENCE).toFuture();
    Waits.value(store().status());
    assertThat(waiting).isNotDone();
    done(other().putName(id, "late"));
    assertThat(waiting).succeedsWithin(Waits.PATIENCE).isEqualTo(id);
    done(store().delete(id));
  }

  @Test
  default void nameThatDoesNotComeTimesOut() {
    assertThat(error(store().getName("never", Duration.ofMillis(20))))
        .satisfies(code(ErrorCode.TIMEOUT))
        .hasMessageContaining("never");
  }

  @Test
  default void cancelledWaitForANameIsWithdrawn() {
    ObjectId id = leaf(store());
    var waiting = store().getName("late", Waits.PATIENCE).toFuture();
    waiting.cancel(true);
    done(other().putName(id, "late"));
    assertThat(value(store().getName("late"))).isEqualTo(id);
    done(store().delete(id));
  }

  @Test
  default void statusCountsWhatThereIs() {
    ObjectId id = seal(store(), 10);
    done(store().putName(id, "x"));
    try (Blob blob = value(other().getBlob(id))) {
      StoreStatus status = value(other().status());
      assertThat(status.capacityBytes()).isEqualTo(CAPACITY_BYTES);
      assertThat(status.usedBytes()).isBetween(10L, SEGMENT_BYTES);
      assertThat(status.freeBytes()).isEqualTo(CAPACITY_BYTES - status.usedBytes());
      assertThat(status.peakBytes()).isGreaterThanOrEqualTo(status.usedBytes());
      assertThat(status.segments()).isEqualTo(1);
      assertThat(status.clients()).isEqualTo(2);
      assertThat(status.objects()).isEqualTo(1);
      assertThat(status.names()).isEqualTo(1);
      assertThat(status.streams()).isZero();
      assertThat(status.leases()).isEqualTo(blob.id().equals(id) ? 1 : 0);
    }
    done(store().delete(id));
  }

  @Test
  default void resultsAreLazyAndComeOnAThreadOfReactor() {
    Mono<ObjectMeta> lazy = store().createObject(ObjectMeta.builder("test::Leaf").build());
    assertThat(value(store().status()).objects()).isZero();
    List<Mono<?>> results = List.of(lazy, lazy, store().status(), store().createBlob(0));
    for (Mono<?> result : results) {
      String thread = value(result.map(any -> Thread.currentThread().getName()));
      assertThat(thread).startsWith("parallel-");
    }
    assertThat(value(store().status()).objects()).isEqualTo(2);
    done(store().list("*", 2).flatMap(meta -> store().delete(meta.requireId())).then());
  }
}
