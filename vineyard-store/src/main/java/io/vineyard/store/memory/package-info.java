/**
 * Shared memory: segments, their mappings, and cutting them into pieces.
 *
 * <p>The only user of native calls.
 */
@NullMarked
package io.vineyard.store.memory;

import org.jspecify.annotations.NullMarked;
