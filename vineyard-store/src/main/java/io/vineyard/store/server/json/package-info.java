/**
 * Vineyard's dialect in a server: what it does for clients that know nothing of segments and rings.
 *
 * <p>Everything here runs on the thread that owns the tables. A {@link
 * io.vineyard.store.server.json.Session} is one connection; {@link
 * io.vineyard.store.server.json.VineyardHost} has what they share: memory that is cut for them, and
 * the ends of streams that they use.
 */
@NullMarked
package io.vineyard.store.server.json;

import org.jspecify.annotations.NullMarked;
