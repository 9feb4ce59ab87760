/**
 * Metrics and observations of stores and streams by Micrometer, which is optional: nothing outside
 * of this package knows it, so this package is only for those who have it on their class path.
 *
 * <p>Begin with {@link io.vineyard.reactive.micrometer.VineyardMetrics} and {@link
 * io.vineyard.reactive.micrometer.VineyardObservations}.
 */
@NullMarked
package io.vineyard.reactive.micrometer;

import org.jspecify.annotations.NullMarked;
