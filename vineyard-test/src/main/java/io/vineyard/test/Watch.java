package io.vineyard.test;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.test.Ledger.Entry;
import io.vineyard.test.VineyardTest.Leak;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * What one test, or a class as a whole, was given, and what it may not leave. Used by the threads
 * of the tests one after the other.
 */
final class Watch {
  /**
   * Whom it watches.
   *
   * @param id no other has it
   * @param title what messages call it
   * @param isParallel whether other tests may run at the same time
   */
  record Subject(String id, String title, Class<?> testClass, boolean isParallel) {}

  private static final Logger log = LoggerFactory.getLogger(Watch.class);
  private static final Ledger LEDGER = Ledger.INSTANCE;

  private final Subject subject;
  private final VineyardTest settings;
  private final Set<Leak> ignored;
  private final Duration patience;
  private final @Nullable TestStore shared;
  private final ProcessState before;
  private final long first;
  private final Deque<AutoCloseable> given = new ArrayDeque<>();
  private Thread thread;
  private @Nullable TestStore own;

  /**
   * Begins.
   *
   * @param shared the store of the class around, null if it has none
   */
  Watch(Subject subject, VineyardTest settings, @Nullable TestStore shared) {
    this.subject = subject;
    this.settings = settings;
    this.ignored = Set.of(settings.ignore());
    this.patience = Duration.ofMillis(settings.patienceMillis());
    this.shared = shared;
    this.thread = Thread.currentThread();
    LEDGER.listen();
    LEDGER.begin(subject.id, subject.testClass, thread);
    this.first = LEDGER.next();
    this.before = ProcessState.now();
    ThreadBirths.watchThisThread();
  }

  /** The test goes on in this thread. */
  void goOn() {
    if (Thread.currentThread() != thread) {
      thread = Thread.currentThread();
      LEDGER.begin(subject.id, subject.testClass, thread);
      ThreadBirths.watchThisThread();
    }
    TestStore opened = own;
    if (opened != null) {
      LEDGER.usesStore(opened.name(), thread);
    }
  }

  /** Returns the store, which is opened when it is first asked for. */
  TestStore store() {
    if (shared != null) {
      return shared;
    }
    TestStore opened = own;
    if (opened == null) {
      opened = TestStore.open(settings);
      own = opened;
      LEDGER.usesStore(opened.name(), thread);
    }
    return opened;
  }

  /** Returns the store that those within have as well; null if it was not asked for. */
  @Nullable TestStore openedStore() {
    return shared != null ? shared : own;
  }

  ObjectStore newClient() {
    ObjectStore client = store().connect();
    given.push(client);
    return client;
  }

  BufferAllocator newAllocator() {
    RootAllocator allocator = TrackedMemory.allocator();
    given.push(() -> close(allocator));
    return allocator;
  }

  /** What is left is known by where it was taken, which the allocator does not know. */
  private static void close(RootAllocator allocator) {
    if (allocator.getAllocatedMemory() == 0) {
      allocator.close();
    }
  }

  RecordBatchStream newStream(@Nullable TestStream wanted) {
    ObjectStore client = newClient();
    return Objects.requireNonNull(stream(client, wanted).block(Patience.LONGEST));
  }

  private static Mono<RecordBatchStream> stream(ObjectStore client, @Nullable TestStream wanted) {
    if (wanted == null) {
      return RecordBatchStream.create(client);
    }
    StreamSpec spec =
        StreamSpec.create().windowChunks(wanted.windowChunks()).windowBytes(wanted.windowBytes());
    String name = wanted.value();
    return name.isEmpty()
        ? RecordBatchStream.create(client, spec)
        : RecordBatchStream.create(client, spec.name(name))
            .onErrorResume(error -> isThere(error), error -> RecordBatchStream.open(client, name));
  }

  private static boolean isThere(Throwable error) {
    return error instanceof VineyardException typed && typed.code() == ErrorCode.OBJECT_EXISTS;
  }

  TestStreamWriter newWriter(@Nullable TestStream wanted) {
    ObjectStore client = newClient();
    RecordBatchStream stream =
        Objects.requireNonNull(stream(client, wanted).block(Patience.LONGEST));
    TestStreamWriter writer = TestStreamWriter.of(client, stream);
    writer.disown();
    given.push(writer);
    return writer;
  }

  /** What was asked for last is here, or is refused, when something later is answered. */
  private void awaitRequests() {
    for (AutoCloseable thing : given) {
      if (thing instanceof ObjectStore client) {
        client.status().onErrorComplete().block(Patience.LONGEST);
      }
    }
  }

  private boolean isMine(Entry entry) {
    if (entry.number() < first || LEDGER.isPast(entry.store())) {
      return false;
    }
    TestStore opened = own;
    boolean isOfMyStore = opened != null && entry.store().equals(opened.name());
    return !subject.isParallel
        || isOfMyStore
        || (entry.taker() == thread && (entry.store().isEmpty() || shared != null));
  }

  /**
   * Ends all that was given.
   *
   * @throws AssertionError if something was left
   */
  void end() {
    LeakReport report = new LeakReport(subject.title);
    awaitRequests();
    List<Entry> held =
        LEDGER.awaitNone(entry -> isMine(entry) && !isMemory(entry) && !isIgnored(entry), patience);
    report.add(held);
    if (report.isEmpty()) {
      findForeignLeases(report);
    }
    endAll(LEDGER.open(this::isMine));
    closeGiven();
    if (!ignored.contains(Leak.MEMORY)) {
      Set<Entry> batches = new HashSet<>(LEDGER.open(entry -> isMine(entry) && isBatch(entry)));
      report.add(
          LEDGER.awaitNone(
              entry -> isMine(entry) && isMemory(entry) && !isExplained(entry, batches), patience));
    }
    LEDGER.forget(LEDGER.open(this::isMine));
    closeStore();
    if (!subject.isParallel) {
      findLeftOfProcess(report);
    }
    ThreadBirths.unwatchThisThread();
    LEDGER.end(subject.id);
    report.throwIfAny();
  }

  private static boolean isMemory(Entry entry) {
    return entry.holding().kind() == Holding.Kind.MEMORY;
  }

  private static boolean isBatch(Entry entry) {
    return entry.holding().kind() == Holding.Kind.BATCH;
  }

  private boolean isIgnored(Entry entry) {
    Leak kind = entry.holding().kind() == Holding.Kind.END ? Leak.ENDS : Leak.LEASES;
    return ignored.contains(kind);
  }

  /** The memory of a batch is left because the batch is. */
  private static boolean isExplained(Entry memory, Set<Entry> batches) {
    return batches.stream().anyMatch(batch -> memory.holding().holds(batch.holding()));
  }

  /** Other processes may have leases in a store that is the test's. */
  private void findForeignLeases(LeakReport report) {
    TestStore opened = own;
    if (opened == null || ignored.contains(Leak.LEASES)) {
      return;
    }
    boolean none =
        Patience.until(
            patience,
            () -> {
              StoreStatus status = opened.status();
              return status == null || status.leases() == 0;
            });
    StoreStatus status = opened.status();
    if (!none && status != null && status.leases() > 0) {
      report.add(status.leases() + " leases of another process in " + opened.name());
    }
  }

  private static void endAll(List<Entry> entries) {
    for (Entry entry : entries) {
      Object thing = entry.thing();
      if (thing instanceof AutoCloseable closeable && !isMemory(entry)) {
        closeQuietly(closeable);
      } else if (thing instanceof Disposable disposable) {
        closeQuietly(disposable::dispose);
      }
    }
  }

  private void closeGiven() {
    while (!given.isEmpty()) {
      closeQuietly(given.pop());
    }
  }

  private static void closeQuietly(AutoCloseable thing) {
    try {
      thing.close();
    } catch (Exception failed) {
      log.warn("Could not close {} after a test", thing, failed);
    }
  }

  private void closeStore() {
    TestStore opened = own;
    if (opened != null) {
      LEDGER.endStore(opened.name());
      opened.close();
    }
  }

  private void findLeftOfProcess(LeakReport report) {
    if (report.isEmpty() && !ignored.contains(Leak.MEMORY)) {
      if (!Patience.until(patience, () -> !before.hasMoreMemory())) {
        report.add(before.moreMemory());
      }
    }
    if (report.isEmpty() && !ignored.contains(Leak.DESCRIPTORS)) {
      if (!Patience.until(patience, () -> before.newDescriptors().isEmpty())) {
        before.newDescriptors().forEach(report::add);
      }
    }
    if (!ignored.contains(Leak.THREADS)) {
      List<String> kept = List.of(settings.ignoredThreads());
      if (!Patience.until(patience, () -> before.newThreads(kept).isEmpty())) {
        before.newThreads(kept).forEach(report::add);
      }
    }
  }
}
