/**
 * The ring of a stream: descriptors of chunks in memory that its writer, its readers and the store
 * share, so that a chunk changes hands without a message.
 */
@NullMarked
package io.vineyard.store.ring;

import org.jspecify.annotations.NullMarked;
