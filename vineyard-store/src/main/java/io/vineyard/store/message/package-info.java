/**
 * What an attached client and a store say to each other, as values: commands to the store, and
 * events to the client.
 *
 * <p>A client in the same JVM hands the values over as they are; for one in another process a
 * dialect of the wire turns them into bytes and back. No I/O here.
 */
@NullMarked
package io.vineyard.store.message;

import org.jspecify.annotations.NullMarked;
