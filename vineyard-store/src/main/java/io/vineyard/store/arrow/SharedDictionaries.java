package io.vineyard.store.arrow;

import io.vineyard.store.SharedMemory;
import io.vineyard.store.arrow.format.BufferList;
import io.vineyard.store.arrow.format.DictionarySet;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.jspecify.annotations.Nullable;

/**
 * Dictionaries in shared memory: those of a batch, or a copy that is made once and used by all
 * batches that have the same. Counts the chunks that use it; it begins with one reference, which
 * belongs to whoever makes it.
 */
final class SharedDictionaries {
  /** A dictionary and where its buffers are. */
  record Entry(long id, int values, BufferList buffers) {}

  private final DictionarySet source;
  private final List<Entry> originals;
  private final List<Entry> entries;
  private final SharedMemory.@Nullable Allocation copy;
  private final AtomicInteger references = new AtomicInteger(1);

  private SharedDictionaries(
      DictionarySet source,
      List<Entry> originals,
      List<Entry> entries,
      SharedMemory.@Nullable Allocation copy) {
    this.source = source;
    this.originals = originals;
    this.entries = entries;
    this.copy = copy;
  }

  /**
   * Has the dictionaries in shared memory, copying those that are not; null if there is no memory
   * for that now. Holds on to the source, so that equal addresses mean equal bytes.
   */
  static @Nullable SharedDictionaries tryMake(DictionarySet source, SharedMemory memory) {
    List<Entry> entries = list(source);
    long foreign = 0;
    for (Entry entry : entries) {
      foreign += entry.buffers().foreignBytes(memory);
    }
    SharedMemory.Allocation copy = null;
    if (foreign > 0) {
      copy = memory.tryAllocate(foreign);
      if (copy == null) {
        return null;
      }
      long next = copy.address();
      for (Entry entry : entries) {
        long size = entry.buffers().foreignBytes(memory);
        entry.buffers().copyForeign(memory, next);
        next += size;
      }
    }
    return new SharedDictionaries(source.retain(), list(source), entries, copy);
  }

  private static List<Entry> list(DictionarySet source) {
    List<Entry> entries = new ArrayList<>();
    source
        .dictionaries()
        .forEach((Long id, Dictionary dictionary) -> entries.add(entry(id, dictionary)));
    return entries;
  }

  private static Entry entry(long id, Dictionary dictionary) {
    BufferList buffers = new BufferList(false).gather(List.of(dictionary.getVector()));
    return new Entry(id, dictionary.getVector().getValueCount(), buffers);
  }

  /** Returns whether these are the same dictionaries over the same bytes. */
  boolean isOf(DictionarySet candidate) {
    if (candidate == source) {
      return true;
    }
    if (candidate.dictionaries().size() != originals.size()) {
      return false;
    }
    for (Entry original : originals) {
      Dictionary dictionary = candidate.lookup(original.id());
      if (dictionary == null
          || !entry(original.id(), dictionary).buffers().listsSameBytes(original.buffers())) {
        return false;
      }
    }
    return true;
  }

  List<Entry> entries() {
    return entries;
  }

  /** Returns how many bytes were copied. */
  long copiedBytes() {
    return copy == null ? 0 : copy.sizeBytes();
  }

  SharedDictionaries retain() {
    references.incrementAndGet();
    return this;
  }

  void release() {
    if (references.decrementAndGet() == 0) {
      if (copy != null) {
        copy.free();
      }
      source.close();
    }
  }
}
