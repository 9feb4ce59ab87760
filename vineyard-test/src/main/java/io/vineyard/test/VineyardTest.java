package io.vineyard.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives the tests of a class, or one test, a new store, and fails each test that leaves something
 * behind, with the lines where that was taken.
 *
 * <pre>{@code
 * @VineyardTest
 * class OrdersTest {
 *   @Test
 *   void readsWhatWasWritten(RecordBatchStream stream, BufferAllocator memory) { ... }
 * }
 * }</pre>
 *
 * <p>Tests, their constructors and the methods around them may have as parameters, in any number:
 *
 * <ul>
 *   <li>{@link io.vineyard.store.ObjectStore}: a client of the test's store, each another one;
 *   <li>{@link io.vineyard.reactive.RecordBatchStream}: a new stream in it, or the stream of a name
 *       (see {@link TestStream});
 *   <li>{@link TestStreamWriter}: a writer of such a stream;
 *   <li>{@link org.apache.arrow.memory.BufferAllocator}: ordinary memory, of which nothing may be
 *       left;
 *   <li>{@link TestServer}: the process of the store, if it is {@link Store#SERVED}.
 * </ul>
 *
 * <p>All of them are closed after the test; the test may close them itself.
 *
 * <p>What is no leak: objects, names and streams that lie in the store, and chunks in a stream that
 * nobody has read; the store is gone with the test. What is one: batches that are not closed,
 * leases on chunks, objects and blobs, readers and writers that have not ended, blobs that are not
 * sealed, clients, servers and Arrow files that were opened and not closed, memory of allocators,
 * segments that are mapped, descriptors of shared memory, Unix sockets and files, and threads that
 * the test has started. What comes back late, after a cancel for example, is waited for.
 *
 * <p>A test that fails for another reason keeps that failure; what it left is suppressed in it.
 *
 * <p>A store that is injected in a {@code @BeforeAll} method, or in the constructor of a class with
 * one instance, lasts as long as the class, and is that of its tests as well. Nested classes have
 * the annotation of the class around them. With tests in parallel, a test answers for what was
 * taken of its own store, or by its own thread; descriptors, segments and threads, which are those
 * of the whole JVM, are then not looked at.
 */
@Documented
@Inherited
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(VineyardExtension.class)
public @interface VineyardTest {
  /** Where the store is. */
  Store store() default Store.EMBEDDED;

  /** The most memory that the store may use: 256 MiB unless told otherwise. */
  long capacityBytes() default 256L << 20;

  /** The usual capacity of a segment of the store: 4 MiB unless told otherwise. */
  long segmentBytes() default 4L << 20;

  /** What the tests may leave; nothing unless told otherwise. */
  Leak[] ignore() default {};

  /** How the names of threads begin that the tests may leave. */
  String[] ignoredThreads() default {};

  /** The longest to wait for what comes back late, in milliseconds. */
  long patienceMillis() default 3000;

  /** Where a store is. */
  enum Store {
    /** In the JVM of the test. */
    EMBEDDED,
    /**
     * In another JVM, which is started with the Java and the class path of this one and ends with
     * it, however that comes. Needs Linux.
     */
    SERVED
  }

  /** What a test can leave. */
  enum Leak {
    /** Batches, objects, blobs and chunks. */
    LEASES,
    /** Readers, writers, unsealed blobs, clients, servers and files. */
    ENDS,
    /** Memory of allocators, and segments that are mapped. */
    MEMORY,
    /** Descriptors of shared memory, Unix sockets and files. */
    DESCRIPTORS,
    /** Threads. */
    THREADS
  }
}
