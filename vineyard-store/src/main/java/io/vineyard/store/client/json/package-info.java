/**
 * A client of a Vineyard server, in Vineyard's JSON dialect.
 *
 * <p>One connection carries one request at a time. A client has one for everything that is answered
 * at once; a reader of a stream, and a wait for a name, have one of their own, since the server
 * answers them when it can. {@link io.vineyard.store.client.json.JsonStore} says what a Vineyard
 * server does otherwise than other stores.
 */
@NullMarked
package io.vineyard.store.client.json;

import org.jspecify.annotations.NullMarked;
