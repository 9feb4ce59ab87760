package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.vineyard.BatchTree;
import io.vineyard.store.arrow.vineyard.ChunkViews;
import io.vineyard.store.core.Hosting;
import io.vineyard.store.memory.Mapping;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Record batches that clients of our dialect have stored, as clients of Vineyard's see them: under
 * the same id, with columns that lie where they are. What was made for that is kept as long as the
 * batch is.
 */
final class StoredViews {
  private static final String BATCH = "vineyard-reactive::RecordBatch";
  private static final int MOST_HEADER_BYTES = 16 << 20;

  private final Rendering.Tools tools;
  private final Hosting hosting;
  private final SegmentMaps maps;
  private final Map<ObjectId, ObjectId> views = new HashMap<>();

  StoredViews(Rendering.Tools tools, SegmentMaps maps) {
    this.tools = tools;
    this.hosting = tools.hosting();
    this.maps = maps;
  }

  /** Returns whether an object is shown as another one. */
  static boolean isShown(ObjectMeta meta) {
    return meta.typeName().equals(BATCH);
  }

  /**
   * Shows a batch; one that Vineyard can't hold is shown as it is.
   *
   * @param shown told the tree, now or later
   */
  void show(ObjectMeta meta, Consumer<ObjectMeta> shown) {
    ObjectId id = meta.requireId();
    ObjectId view = views.get(id);
    ObjectMeta known = view == null ? null : hosting.meta(view);
    if (known != null) {
      shown.accept(as(meta, known));
      return;
    }
    try {
      BlobBacking data = new BlobBacking(hosting, maps, place(meta, "data"));
      BatchTree tree = new ChunkViews().tree(header(place(meta, "header")), null, data.bytes());
      Rendering.start(
          tools,
          data,
          tree.blobs(),
          ids -> hosting.create(tree.meta(ids)).requireId(),
          new Rendering.Outcome() {
            @Override
            public void rendered(ObjectId made) {
              made(meta, made, shown);
            }

            @Override
            public void failed(VineyardException reason) {
              shown.accept(meta);
            }
          });
    } catch (VineyardException notHeld) {
      shown.accept(meta);
    }
  }

  private void made(ObjectMeta meta, ObjectId view, Consumer<ObjectMeta> shown) {
    ObjectMeta tree = hosting.meta(view);
    boolean isThere = hosting.exists(meta.requireId());
    if (!isThere || tree == null) {
      forget(view);
    } else {
      ObjectId other = views.put(meta.requireId(), view);
      if (other != null) {
        forget(other);
      }
    }
    shown.accept(tree == null || !isThere ? meta : as(meta, tree));
  }

  private static ObjectMeta as(ObjectMeta meta, ObjectMeta view) {
    return view.toBuilder().id(meta.requireId()).persistent(meta.isPersistent()).build();
  }

  private Hosting.Place place(ObjectMeta meta, String member) {
    ObjectMeta blob = meta.member(member);
    Hosting.Place place = hosting.find(blob.requireId());
    if (place == null) {
      throw VineyardException.of(
          ErrorCode.ARROW_ERROR, "expected a blob with bytes as member \"" + member + "\"");
    }
    return place;
  }

  private ByteBuffer header(Hosting.Place place) {
    if (place.sizeBytes() > MOST_HEADER_BYTES) {
      throw VineyardException.of(
          ErrorCode.ARROW_ERROR,
          "expected a header of at most " + MOST_HEADER_BYTES + " bytes, got " + place.sizeBytes());
    }
    int size = (int) place.sizeBytes();
    long address = maps.get(place.segment()).address(place.offset(), size);
    ByteBuffer copy = ByteBuffer.allocate(size).put(Mapping.view(address, size)).flip();
    return copy.order(ByteOrder.LITTLE_ENDIAN);
  }

  /** An object is gone, and so goes what was made of it. */
  void removed(ObjectId id) {
    ObjectId view = views.remove(id);
    if (view != null) {
      tools.loop().execute(() -> forget(view));
    }
  }

  private void forget(ObjectId view) {
    List<ObjectId> unused = hosting.delete(List.of(view), true, true);
  }
}
