/**
 * Auto-configuration for Spring Boot: a store as a bean, with its life-cycle, codecs, health and
 * metrics, after the properties under {@code vineyard}.
 */
@NullMarked
package io.vineyard.spring.boot;

import org.jspecify.annotations.NullMarked;
