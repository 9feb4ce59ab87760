/**
 * Batches as bodies of HTTP messages, for servers and clients on Netty; needs no Spring.
 *
 * <p>A server on Reactor Netty sends a stream as it comes:
 *
 * <pre>{@code
 * HttpServer.create()
 *     .doOnConnection(client -> client.addHandlerLast(StallGuard.of(Duration.ofSeconds(30))))
 *     .route(routes -> routes.get("/flights", (request, response) ->
 *         response
 *             .header("Content-Type", BodyFormat.ARROW.mediaType())
 *             .send(BatchBodyEncoder.create().encode(stream.reader(), response.alloc()))))
 *     .bindNow();
 * }</pre>
 */
@NullMarked
package io.vineyard.http;

import org.jspecify.annotations.NullMarked;
