package io.vineyard.store.arrow.format;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.compare.TypeEqualsVisitor;
import org.apache.arrow.vector.compare.VectorEqualsVisitor;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.jspecify.annotations.Nullable;

/**
 * The dictionaries of a batch: immutable, shared by all batches that use the same, closed with the
 * last reference. It begins with one reference, which belongs to whoever makes it.
 */
public final class DictionarySet implements DictionaryProvider, AutoCloseable {
  /** No dictionaries; keeping and closing it does nothing. */
  public static final DictionarySet EMPTY = new DictionarySet(Map.of());

  private final Map<Long, Dictionary> dictionaries;
  private final AtomicInteger references = new AtomicInteger(1);

  private DictionarySet(Map<Long, Dictionary> dictionaries) {
    this.dictionaries = dictionaries;
  }

  /** Takes over the vectors of these dictionaries. */
  public static DictionarySet of(Map<Long, Dictionary> dictionaries) {
    return dictionaries.isEmpty() ? EMPTY : new DictionarySet(new LinkedHashMap<>(dictionaries));
  }

  /** Makes a set of someone else's dictionaries, over the same memory. */
  public static DictionarySet share(Set<Long> ids, DictionaryProvider provider) {
    Map<Long, Dictionary> shared = new LinkedHashMap<>();
    try {
      for (Long id : ids) {
        Dictionary dictionary = Objects.requireNonNull(provider.lookup(id), "dictionary");
        FieldVector vector = Vectors.share(dictionary.getVector());
        shared.put(id, new Dictionary(vector, dictionary.getEncoding()));
      }
      return of(shared);
    } catch (RuntimeException broken) {
      shared.values().forEach(dictionary -> dictionary.getVector().close());
      throw broken;
    }
  }

  /** Returns whether both have the same dictionaries with equal values. */
  public boolean hasSameContent(DictionarySet that) {
    return this == that
        || (dictionaries.keySet().equals(that.dictionaries.keySet()) && hasSameValues(that));
  }

  private boolean hasSameValues(DictionarySet that) {
    return dictionaries.entrySet().stream()
        .allMatch(
            entry ->
                VectorEqualsVisitor.vectorEquals(
                    entry.getValue().getVector(),
                    Objects.requireNonNull(that.lookup(entry.getKey())).getVector(),
                    // dictionaries have no names of their own
                    (left, right) -> new TypeEqualsVisitor(right, false, false).equals(left)));
  }

  /** Returns the dictionaries by their ids. */
  public Map<Long, Dictionary> dictionaries() {
    return dictionaries;
  }

  /** Adds a reference. */
  public DictionarySet retain() {
    if (this != EMPTY && references.getAndIncrement() <= 0) {
      throw new IllegalStateException("expected dictionaries in use, they were closed before");
    }
    return this;
  }

  @Override
  public @Nullable Dictionary lookup(long id) {
    return dictionaries.get(id);
  }

  @Override
  public Set<Long> getDictionaryIds() {
    return dictionaries.keySet();
  }

  @Override
  public void close() {
    if (this != EMPTY && references.decrementAndGet() == 0) {
      dictionaries.values().forEach(dictionary -> dictionary.getVector().close());
    }
  }
}
