/**
 * A store for other processes, on a Unix socket: {@link io.vineyard.store.server.VineyardServer}.
 */
@NullMarked
package io.vineyard.store.server;

import org.jspecify.annotations.NullMarked;
