/** Runnable programs over a store and its streams; {@code samples/run} starts them. */
@NullMarked
package io.vineyard.samples;

import org.jspecify.annotations.NullMarked;
