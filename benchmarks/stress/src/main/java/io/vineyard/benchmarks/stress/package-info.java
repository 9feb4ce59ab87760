/**
 * Stress tests of the lock-free parts, by jcstress: what two threads, or two processes, that use
 * one of them at once may see, and what they must not.
 */
@NullMarked
package io.vineyard.benchmarks.stress;

import org.jspecify.annotations.NullMarked;
