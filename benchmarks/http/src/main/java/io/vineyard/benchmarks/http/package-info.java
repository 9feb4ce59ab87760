/** Batches as bodies of HTTP messages, and what they are compared with. */
@NullMarked
package io.vineyard.benchmarks.http;

import org.jspecify.annotations.NullMarked;
