package io.vineyard.store.arrow.format;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.jspecify.annotations.Nullable;

/** The dictionaries of a file or stream as far as it has been read; used by one thread. */
public final class DictionaryState implements AutoCloseable {
  private final BatchSchema schema;
  private final Map<Long, Dictionary> dictionaries = new LinkedHashMap<>();
  private @Nullable DictionarySet shared;

  /** Begins with no dictionary. */
  public DictionaryState(BatchSchema schema) {
    this.schema = schema;
  }

  /** Takes an update over, after its values were checked. */
  public void apply(BatchMessages.DictionaryUpdate update) {
    try {
      BatchSchema.DictionaryPlan plan =
          Objects.requireNonNull(schema.dictionaries().get(update.id()));
      ValueCheck.checkDictionary(update.dictionary().getVector(), plan.values());
    } catch (RuntimeException malformed) {
      update.dictionary().getVector().close();
      throw malformed;
    }
    forgetShared();
    update.applyTo(dictionaries);
  }

  /** Returns the dictionaries as they are now, with a reference that the caller closes. */
  public DictionarySet share() {
    if (shared == null) {
      if (!dictionaries.keySet().containsAll(schema.dictionaries().keySet())) {
        throw Malformed.of(
            "dictionaries " + schema.dictionaries().keySet() + " before the batch",
            "" + dictionaries.keySet());
      }
      DictionaryProvider.MapDictionaryProvider provider =
          new DictionaryProvider.MapDictionaryProvider();
      dictionaries.values().forEach(provider::put);
      shared = DictionarySet.share(dictionaries.keySet(), provider);
    }
    return shared.retain();
  }

  private void forgetShared() {
    if (shared != null) {
      shared.close();
      shared = null;
    }
  }

  @Override
  public void close() {
    forgetShared();
    dictionaries.values().stream().map(Dictionary::getVector).forEach(FieldVector::close);
    dictionaries.clear();
  }
}
