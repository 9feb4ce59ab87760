/** The ends of this project: what a user of it would write. */
@NullMarked
package io.vineyard.benchmarks.ours;

import org.jspecify.annotations.NullMarked;
