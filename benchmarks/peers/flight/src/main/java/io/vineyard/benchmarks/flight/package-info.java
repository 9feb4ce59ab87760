/** The ends that use Arrow Flight. */
@NullMarked
package io.vineyard.benchmarks.flight;

import org.jspecify.annotations.NullMarked;
