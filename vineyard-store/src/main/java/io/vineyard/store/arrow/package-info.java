/**
 * Apache Arrow over shared memory: record batches read in place, built in place, and read from and
 * written to Arrow's files and streams.
 *
 * <p>The formats are those of Arrow's columnar specification and of its IPC messages; nothing here
 * needs a flag of the JVM.
 */
@NullMarked
package io.vineyard.store.arrow;

import org.jspecify.annotations.NullMarked;
