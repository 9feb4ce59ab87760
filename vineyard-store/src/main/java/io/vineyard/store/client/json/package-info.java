/**
 * A client of a Vineyard server, in Vineyard's JSON dialect.
 *
 * <p>One connection carries one request at a time. A client has one for everything that is answered
 * at once, also for whoever waits for a name, which is asked for again and again. A reader of a
 * stream has one of its own, and so has an object while it is fetched from another instance, since
 * the server answers these when it can. {@link io.vineyard.store.client.VineyardClient} says what a
 * Vineyard server does otherwise than other stores.
 */
@NullMarked
package io.vineyard.store.client.json;

import org.jspecify.annotations.NullMarked;
