/**
 * The client's half of every store: an {@link io.vineyard.store.ObjectStore} over a link that
 * carries commands one way and events the other.
 *
 * <p>It cuts leased segments into pieces, keeps the window of each writer and the leases of each
 * reader, and maps segments. Whether the link leads to tables in this JVM or to another process
 * makes no difference here.
 */
@NullMarked
package io.vineyard.store.attach;

import org.jspecify.annotations.NullMarked;
