/** The ends that use Aeron IPC. */
@NullMarked
package io.vineyard.benchmarks.aeron;

import org.jspecify.annotations.NullMarked;
