/** Stress tests of what is not public. */
@NullMarked
package io.vineyard.store.attach;

import org.jspecify.annotations.NullMarked;
