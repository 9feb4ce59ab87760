/**
 * Vineyard's JSON dialect (v6d 0.24): frames, requests, replies, and how they are written.
 *
 * <p>A frame is a length of 8 bytes, little-endian, and as many bytes of JSON. A client says one
 * request and waits for its reply; descriptors of segments follow a reply, each with one byte.
 * {@link io.vineyard.store.protocol.json.JsonDialect} reads and writes them. The names of JSON keys
 * are known to it and to {@code RequestJson} and {@code ReplyJson} behind it; those of metadata to
 * {@code MetaJson}, {@link io.vineyard.store.protocol.json.ServerFields} and {@link
 * io.vineyard.store.protocol.json.Labels}.
 */
@NullMarked
package io.vineyard.store.protocol.json;

import org.jspecify.annotations.NullMarked;
