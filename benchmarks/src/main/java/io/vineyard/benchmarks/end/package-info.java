/**
 * The ends of a measurement: processes that do what they are told in lines on their standard input.
 * Peers use this package with their own libraries, so it needs nothing but the JDK and Arrow's
 * memory.
 */
@NullMarked
package io.vineyard.benchmarks.end;

import org.jspecify.annotations.NullMarked;
