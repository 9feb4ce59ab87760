/** What every dialect has in common: the socket that it is spoken on. */
@NullMarked
package io.vineyard.store.protocol;

import org.jspecify.annotations.NullMarked;
