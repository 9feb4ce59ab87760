/**
 * Streams over a store, as Project Reactor types: a writer is a {@code Sinks.Many}, a reader is a
 * {@code Flux}, and both may be in different processes.
 *
 * <p>Begin with {@link io.vineyard.reactive.RecordBatchStream}.
 */
@NullMarked
package io.vineyard.reactive;

import org.jspecify.annotations.NullMarked;
