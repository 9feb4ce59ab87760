package io.vineyard.store;

import static io.vineyard.store.BlobContract.code;
import static io.vineyard.store.BlobContract.seal;
import static io.vineyard.store.Waits.done;
import static io.vineyard.store.Waits.error;
import static io.vineyard.store.Waits.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteOrder;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The contracts of objects, on clients of a Vineyard server that is none of ours. What is
 * overridden here is what such a server does otherwise.
 */
class VineyardDObjectsIT extends VineyardDFixture implements ObjectStoreContract {

  /** A server gives fields and members in alphabetical order. */
  @Override
  @Test
  public void treeComesBackWhole() {
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
    assertThat(seen.members().keySet()).containsExactly("empty", "first", "second");
    assertThat(seen.member("first").fields())
        .isEqualTo(
            Map.of("text", "ä \"quoted\"\n", "long", Long.MIN_VALUE, "double", -0.5, "yes", true));
    assertThat(seen.member("second").member("bytes")).isEqualTo(ObjectMeta.blob(blob, 500));
    assertThat(value(store().status()).objects()).isEqualTo(4);
    done(other().delete(created.requireId()));
  }

  /** A server does not tell of its files. */
  @Override
  @Test
  public void blobsOfAllSizesShareSegments() {
    ObjectId[] ids = new ObjectId[100];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = seal(store(), 1 + 37L * i);
    }
    for (int i = 0; i < ids.length; i++) {
      BlobContract.check(other(), ids[i], 1 + 37L * i);
      done(other().delete(ids[i]));
    }
  }

  /** A server tells of its memory and its connections only. */
  @Override
  @Test
  public void statusCountsWhatThereIs() {
    ObjectId id = seal(store(), 10);
    try (ObjectStore plain = server().connect()) {
      StoreStatus status = value(plain.status());
      assertThat(status.capacityBytes()).isEqualTo(CAPACITY_BYTES);
      assertThat(status.usedBytes()).isEqualTo(10);
      assertThat(status.freeBytes()).isEqualTo(CAPACITY_BYTES - 10);
      assertThat(status.peakBytes()).isEqualTo(10);
      assertThat(status.clients()).isGreaterThanOrEqualTo(3);
      assertThat(status.segments()).isEqualTo(-1);
      assertThat(status.objects()).isEqualTo(-1);
      assertThat(status.names()).isEqualTo(-1);
      assertThat(status.streams()).isEqualTo(-1);
      assertThat(status.leases()).isEqualTo(-1);
    }
    done(store().delete(id));
  }

  /** A server reuses the memory of what is deleted at once, whoever has it. */
  @Override
  @Test
  public void whatWasReceivedOutlivesTheClient() {
    ObjectId id = seal(other(), 1000);
    Blob blob = value(store().getBlob(id));
    store().close();
    Pattern.check(blob.address(), 1000, 1000);
    blob.close();
    done(other().delete(id));
  }

  /** As above. */
  @Override
  @Test
  public void deletedBlobStaysReadableUntilItIsClosed() {
    ObjectId id = seal(store(), 1000);
    try (Blob blob = value(other().getBlob(id))) {
      done(store().delete(id));
      assertThat(error(store().getBlob(id))).satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
      assertThat(blob.view(0, 1000).remaining()).isEqualTo(1000);
    }
    assertThat(error(store().delete(id))).satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
  }

  /** As above. */
  @Override
  @Test
  public void gotObjectLeasesAllItsBlobs() {
    ObjectMeta made =
        value(
            store()
                .createObject(
                    ObjectMeta.builder(Pair.TYPE)
                        .member("left", ObjectMeta.reference(seal(store(), 100)))
                        .member("right", ObjectMeta.reference(seal(store(), SEGMENT_BYTES)))
                        .build()));
    StoredObject object = value(other().get(made.requireId()));
    ObjectId left = object.meta().member("left").requireId();
    ObjectId right = object.meta().member("right").requireId();
    Pattern.check(object.blob(left).address(), 100, 100);
    Pattern.check(object.blob(right).address(), SEGMENT_BYTES, SEGMENT_BYTES);
    assertThatThrownBy(() -> object.blob(new ObjectId(1)))
        .satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
    object.close();
    object.close();
    assertThatThrownBy(() -> object.blob(left).address())
        .satisfies(code(ErrorCode.ALREADY_STOPPED));
    done(store().delete(made.requireId()));
  }

  /** A server neither names nor persists a blob by itself. */
  @Override
  @Test
  public void blobMayHaveAName() {
    ObjectId id = seal(store(), 1);
    assertThat(error(store().putName(id, "x"))).satisfies(code(ErrorCode.UNSUPPORTED));
    assertThat(error(store().persist(id))).satisfies(code(ErrorCode.UNSUPPORTED));
    done(store().delete(id));
  }

  @Test
  void whatAServerWouldLoseIsRefused() {
    for (String key : new String[] {"", "a/b", "a~b", "12"}) {
      ObjectMeta meta = ObjectMeta.builder("test::Leaf").field(key, 1).build();
      assertThat(error(store().createObject(meta))).satisfies(code(ErrorCode.UNSUPPORTED));
    }
    ObjectMeta dotted =
        ObjectMeta.builder("test::Tree")
            .member("leaf", ObjectMeta.builder("test.Leaf").build())
            .build();
    assertThat(error(store().createObject(dotted))).satisfies(code(ErrorCode.UNSUPPORTED));
    assertThat(error(store().putName(new ObjectId(77), "12")))
        .satisfies(code(ErrorCode.UNSUPPORTED));
  }

  @Test
  void pythonReadsWhatIsMadeHere() {
    ObjectId blob = seal(store(), 1000);
    ObjectMeta inner =
        ObjectMeta.builder("test::Leaf")
            .field("text", "ä")
            .member("bytes", ObjectMeta.reference(blob))
            .build();
    ObjectMeta made =
        value(
            store()
                .createObject(
                    ObjectMeta.builder("test::Tree").field("n", 7).member("leaf", inner).build()));
    done(store().putName(made.requireId(), "made here"));
    String printed =
        server()
            .python(
                """
                import sys, vineyard
                client = vineyard.connect(sys.argv[1])
                meta = client.get_meta(client.get_name("made here"))
                leaf = meta["leaf"]
                blob = memoryview(client.get_blob(leaf["bytes"].id))
                print(meta["typename"], meta["n"], leaf["text"], len(blob), blob[:8].hex())
                """);
    assertThat(printed).startsWith("test::Tree 7 ä 1000 ");
    done(store().delete(made.requireId()));
  }

  @Test
  void whatPythonMakesIsReadHere() {
    String printed =
        server()
            .python(
                """
                import sys, vineyard, numpy
                client = vineyard.connect(sys.argv[1])
                print(repr(client.put(numpy.arange(100, dtype="int64"), persist=True,
                                      name="made there")))
                """);
    ObjectId id = value(store().getName("made there", Waits.PATIENCE));
    assertThat(printed).contains(id.toString());
    try (StoredObject tensor = value(store().get(id))) {
      assertThat(tensor.meta().typeName()).isEqualTo("vineyard::Tensor<int64>");
      assertThat(tensor.meta().sizeBytes()).isEqualTo(800);
      Blob values = tensor.blob(tensor.meta().member("buffer_").requireId());
      assertThat(values.view(792, 8).order(ByteOrder.LITTLE_ENDIAN).getLong(0)).isEqualTo(99);
    }
    done(store().delete(id));
    assertThat(error(store().getName("made there"))).satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
  }
}
