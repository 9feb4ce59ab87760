/** An object store in this JVM: {@link io.vineyard.store.embedded.EmbeddedStore}. */
@NullMarked
package io.vineyard.store.embedded;

import org.jspecify.annotations.NullMarked;
