/**
 * The contract of the object store: objects, blobs and streams of chunks in shared memory.
 *
 * <p>Everything that a user of a store names lives here; what implements it lives in the packages
 * below. {@link io.vineyard.store.ObjectStore} is the entry to all of it.
 */
@NullMarked
package io.vineyard.store;

import org.jspecify.annotations.NullMarked;
