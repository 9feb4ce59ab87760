package io.vineyard.store.arrow;

import io.vineyard.store.Blob;
import io.vineyard.store.Layout;
import io.vineyard.store.StoredObject;
import io.vineyard.store.arrow.format.ForeignMemory;
import io.vineyard.store.arrow.vineyard.BlobBytes;
import io.vineyard.store.arrow.vineyard.Region;
import io.vineyard.store.arrow.vineyard.TreeReader;
import java.util.List;

/** What Vineyard has for record batches, one or many of them, in place over the object's blobs. */
final class TableLayout implements Layout<List<RecordBatch>> {
  @Override
  public boolean accepts(String typeName) {
    return RecordBatch.LAYOUT.accepts(typeName);
  }

  @Override
  public List<RecordBatch> open(StoredObject object) {
    if (!TreeReader.accepts(object.meta().typeName())) {
      return List.of(RecordBatch.LAYOUT.open(object));
    }
    ForeignMemory memory = new ForeignMemory(object::close);
    try {
      return new TreeReader()
          .readAll(object.meta(), blobsOf(object), memory).stream()
              .map(columns -> RecordBatch.of(columns).tracked(object))
              .toList();
    } finally {
      memory.endLoad();
    }
  }

  /** Reads an object that is one batch. */
  static RecordBatch readOne(StoredObject object, ForeignMemory memory) {
    return RecordBatch.of(new TreeReader().read(object.meta(), blobsOf(object), memory));
  }

  private static BlobBytes blobsOf(StoredObject object) {
    return id -> {
      Blob blob = object.blob(id);
      return new Region(blob.address(), blob.sizeBytes());
    };
  }

  @Override
  public String toString() {
    return "record batches, or what Vineyard has for them";
  }
}
