package io.vineyard.store.arrow;

import io.vineyard.store.arrow.format.DictionarySet;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.arrow.vector.FieldVector;

/** The vectors of a batch, closed with the last of the batches that share them. */
final class BatchBody {
  private final List<FieldVector> vectors;
  private final DictionarySet dictionaries;
  private final AtomicInteger references = new AtomicInteger(1);

  BatchBody(List<FieldVector> vectors, DictionarySet dictionaries) {
    this.vectors = Collections.unmodifiableList(vectors);
    this.dictionaries = dictionaries;
  }

  List<FieldVector> vectors() {
    return vectors;
  }

  DictionarySet dictionaries() {
    return dictionaries;
  }

  BatchBody retain() {
    references.incrementAndGet();
    return this;
  }

  void release() {
    if (references.decrementAndGet() == 0) {
      for (int i = 0; i < vectors.size(); i++) {
        vectors.get(i).close();
      }
      dictionaries.close();
    }
  }
}
