package io.vineyard.test;

import io.vineyard.store.memory.Tracking;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What is taken in this JVM and not yet given back, and where it was taken. */
final class Ledger implements Tracking.Witness {
  static final Ledger INSTANCE = new Ledger();

  /**
   * Something that was taken.
   *
   * @param number counts what was taken, from the first
   * @param thing what the user got, if it stays open until it is closed; else null
   * @param store what its store calls itself; empty if none is known
   * @param taker the thread that took it
   */
  record Entry(
      long number,
      Holding holding,
      @Nullable Object thing,
      String store,
      Thread taker,
      Place place,
      @Nullable Entry source) {

    @Override
    public String toString() {
      return holding.describe() + ", " + holding.verb() + " " + place;
    }
  }

  private final IdentityHashMap<Object, Entry> open = new IdentityHashMap<>();
  private final Map<Object, Entry> sources = new WeakHashMap<>();

  /** The threads of the tests that run, by their ids, and by what their stores call themselves. */
  private final Map<String, Thread> testThreads = new ConcurrentHashMap<>();

  private final Set<String> pastStores = ConcurrentHashMap.newKeySet();
  private final Set<String> testClasses = ConcurrentHashMap.newKeySet();
  private long taken;
  private boolean listening;

  private Ledger() {}

  /** Begins to listen, before the first store of a test is made. */
  synchronized void listen() {
    if (!listening) {
      listening = true;
      Tracking.tell(this);
    }
  }

  /** Notes who runs a test. */
  void begin(String test, Class<?> testClass, Thread thread) {
    testClasses.add(Place.outermost(testClass.getName()));
    testThreads.put(test, thread);
  }

  /** Notes which store a test has. */
  void usesStore(String store, Thread thread) {
    testThreads.put(store, thread);
  }

  /** A test is over. */
  void end(String test) {
    testThreads.remove(test);
  }

  /** The store of a test is gone; what is yet heard of it concerns no other test. */
  void endStore(String store) {
    testThreads.remove(store);
    pastStores.add(store);
  }

  boolean isPast(String store) {
    return pastStores.contains(store);
  }

  /** Returns where the calling thread is, unknown if it runs none of the user's lines. */
  Place lineOfThisThread() {
    return Place.here(testClasses);
  }

  @Override
  public Place here() {
    Place here = Place.here(testClasses);
    return here.isKnown() ? here : testPlace("");
  }

  private Place testPlace(String store) {
    Thread thread = testThreads.get(store);
    if (thread == null) {
      Set<Thread> all = Collections.newSetFromMap(new IdentityHashMap<>());
      all.addAll(testThreads.values());
      thread = all.size() == 1 ? all.iterator().next() : null;
    }
    return thread == null ? Place.UNKNOWN : Place.of(thread, testClasses);
  }

  @Override
  public void taken(Object key, Object thing, String store, @Nullable Object origin) {
    Holding holding = Holding.of(thing, origin);
    Entry source = origin == null || origin instanceof Place ? null : source(origin);
    Place place = placeOf(store, origin, source);
    String inStore = source == null ? store : source.store;
    Object kept = key == thing ? thing : null;
    synchronized (this) {
      Entry entry =
          new Entry(taken++, holding, kept, inStore, Thread.currentThread(), place, source);
      open.put(key, entry);
      if (holding.isSource()) {
        sources.put(thing, entry);
      }
    }
  }

  private Place placeOf(String store, @Nullable Object origin, @Nullable Entry source) {
    Place place;
    if (origin instanceof Place known) {
      place = known;
    } else if (source != null && source.holding.kind() != Holding.Kind.BATCH) {
      place = source.place;
    } else {
      place = here();
    }
    return place.isKnown() ? place : testPlace(store);
  }

  private synchronized @Nullable Entry source(Object origin) {
    return sources.get(origin);
  }

  @Override
  public void returned(Object key) {
    Entry unused = remove(key);
  }

  private synchronized @Nullable Entry remove(Object key) {
    Entry entry = open.remove(key);
    if (entry != null) {
      if (entry.thing != null) {
        sources.remove(key);
      }
      notifyAll();
    }
    return entry;
  }

  @Override
  public synchronized void lost(Object key) {
    Entry entry = open.remove(key);
    if (entry != null) {
      // Under a key of its own it stays: that the collector came by is luck.
      open.put(new Object(), entry);
    }
  }

  /**
   * Leaves out an end that is the kit's own; returns what its store calls itself, empty if that is
   * not known.
   */
  String disown(Object end) {
    Entry entry = remove(end);
    return entry == null ? "" : entry.store;
  }

  /** Notes memory of an allocator of the kit. */
  void memoryTaken(Object key, Holding memory) {
    Place place = placeOf("", null, null);
    synchronized (this) {
      open.put(key, new Entry(taken++, memory, null, "", Thread.currentThread(), place, null));
    }
  }

  /** Returns the number of what is taken next. */
  synchronized long next() {
    return taken;
  }

  /** Returns what is open, in the order in which it was taken. */
  synchronized List<Entry> open(Predicate<Entry> which) {
    List<Entry> found = new ArrayList<>(open.values());
    found.removeIf(which.negate());
    found.sort(Comparator.comparingLong(Entry::number));
    return found;
  }

  /** Waits until nothing of this is open; returns what still is. */
  synchronized List<Entry> awaitNone(Predicate<Entry> which, Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    List<Entry> found = open(which);
    long left = patience.toNanos();
    while (!found.isEmpty() && left > 0) {
      try {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return found;
      }
      found = open(which);
      left = end - System.nanoTime();
    }
    return found;
  }

  /** Forgets what a test has left, so that nobody else hears of it. */
  synchronized void forget(List<Entry> entries) {
    Set<Entry> gone = Collections.newSetFromMap(new IdentityHashMap<>());
    gone.addAll(entries);
    open.values().removeIf(gone::contains);
  }
}
