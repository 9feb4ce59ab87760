/** Flights in a browser. */
@NullMarked
package io.vineyard.samples.web;

import org.jspecify.annotations.NullMarked;
