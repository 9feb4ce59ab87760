/** Two instances of a cluster, as on two machines, and what goes from one to the other. */
@NullMarked
package io.vineyard.samples.cluster;

import org.jspecify.annotations.NullMarked;
