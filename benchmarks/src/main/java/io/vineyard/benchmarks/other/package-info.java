/** The ends of peers that need no libraries but those of this project. */
@NullMarked
package io.vineyard.benchmarks.other;

import org.jspecify.annotations.NullMarked;
