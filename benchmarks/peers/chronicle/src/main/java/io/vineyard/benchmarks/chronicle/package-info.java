/** The ends that use Chronicle Queue. */
@NullMarked
package io.vineyard.benchmarks.chronicle;

import org.jspecify.annotations.NullMarked;
