/** Starts the ends of each peer as processes, and commands them. */
@NullMarked
package io.vineyard.benchmarks.peer;

import org.jspecify.annotations.NullMarked;
