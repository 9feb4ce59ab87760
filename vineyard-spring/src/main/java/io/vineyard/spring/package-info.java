/**
 * Record batches as bodies of requests and responses of Spring WebFlux, on servers and in {@code
 * WebClient}.
 *
 * <p>With Spring Boot nothing has to be configured. Without it, {@link
 * io.vineyard.spring.VineyardCodecs#register} adds the codecs.
 */
@NullMarked
package io.vineyard.spring;

import org.jspecify.annotations.NullMarked;
