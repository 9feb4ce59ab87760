/** Tests with more than one process, and what starts, talks to and kills the others. */
@NullMarked
package io.vineyard.store.process;

import org.jspecify.annotations.NullMarked;
