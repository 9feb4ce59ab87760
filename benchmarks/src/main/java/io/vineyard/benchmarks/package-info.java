/** Benchmarks of this project beside its peers; {@code benchmarks/run} starts them. */
@NullMarked
package io.vineyard.benchmarks;

import org.jspecify.annotations.NullMarked;
