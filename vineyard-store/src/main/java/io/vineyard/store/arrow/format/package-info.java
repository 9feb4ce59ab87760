/**
 * The columnar format of Apache Arrow and its messages: what vectors look like in memory, and what
 * messages say of them. Not public.
 */
@NullMarked
package io.vineyard.store.arrow.format;

import org.jspecify.annotations.NullMarked;
