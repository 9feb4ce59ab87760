/** What a chunk costs in each part on its way, measured alone with JMH. */
@NullMarked
package io.vineyard.benchmarks.micro;

import org.jspecify.annotations.NullMarked;
