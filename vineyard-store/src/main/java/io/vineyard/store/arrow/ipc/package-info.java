/** Arrow's IPC format, to and from channels and pieces of memory. */
@NullMarked
package io.vineyard.store.arrow.ipc;

import org.jspecify.annotations.NullMarked;
