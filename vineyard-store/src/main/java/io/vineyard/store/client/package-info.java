/**
 * A store in another process, through a Unix socket: {@link
 * io.vineyard.store.client.VineyardClient}.
 */
@NullMarked
package io.vineyard.store.client;

import org.jspecify.annotations.NullMarked;
