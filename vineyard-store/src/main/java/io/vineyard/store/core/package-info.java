/**
 * The tables and rules of a store: segments, blobs, objects, names, streams, leases and clients.
 *
 * <p>One thread owns all of it, and runs every call; no class here is thread-safe, waits, or does
 * I/O. Clients are told of what happens through {@link io.vineyard.store.core.EventSink}.
 */
@NullMarked
package io.vineyard.store.core;

import org.jspecify.annotations.NullMarked;
