/** Arrow over HTTP for Spring WebFlux. */
@NullMarked
package io.vineyard.spring;

import org.jspecify.annotations.NullMarked;
