/**
 * A client of a Vineyard server, in Vineyard's JSON dialect.
 *
 * <p>One connection carries one request at a time. A client has one for everything that is answered
 * at once; a reader of a stream has one of its own, since the server answers it when it can. {@link
 * io.vineyard.store.client.VineyardClient} says what a Vineyard server does otherwise than other
 * stores.
 */
@NullMarked
package io.vineyard.store.client.json;

import org.jspecify.annotations.NullMarked;
