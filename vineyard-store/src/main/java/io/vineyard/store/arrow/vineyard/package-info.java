/**
 * How Vineyard lays out what Arrow and Python hold: trees of metadata with blobs, read in place as
 * columns and rendered from them. Not public.
 */
@NullMarked
package io.vineyard.store.arrow.vineyard;

import org.jspecify.annotations.NullMarked;
