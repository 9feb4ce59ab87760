/**
 * Vineyard's JSON dialect (v6d 0.24): frames, requests, replies, and how they are written.
 *
 * <p>A frame is a length of 8 bytes, little-endian, and as many bytes of JSON. A client says one
 * request and waits for its reply; descriptors of segments follow a reply, each with one byte.
 * {@link io.vineyard.store.protocol.json.JsonDialect} is the only class that knows names of JSON
 * keys besides {@link io.vineyard.store.protocol.json.MetaJson}, which knows those of metadata.
 */
@NullMarked
package io.vineyard.store.protocol.json;

import org.jspecify.annotations.NullMarked;
