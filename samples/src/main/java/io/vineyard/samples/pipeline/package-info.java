/** Three processes in a row: a source, a filter with a join, and a sink that groups. */
@NullMarked
package io.vineyard.samples.pipeline;

import org.jspecify.annotations.NullMarked;
