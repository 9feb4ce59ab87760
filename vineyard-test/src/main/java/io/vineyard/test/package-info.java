/**
 * For tests of applications: stores that find leaks, assertions, batches, and writers that
 * misbehave.
 */
@NullMarked
package io.vineyard.test;

import org.jspecify.annotations.NullMarked;
