package io.vineyard.test;

import io.vineyard.store.StreamSpec;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What the stream of a parameter of a {@link VineyardTest} is like. Parameters of one name are one
 * stream, seen by different clients; the first of them, which creates it, sets its window.
 */
@Documented
@Target(ElementType.PARAMETER)
@Retention(RetentionPolicy.RUNTIME)
public @interface TestStream {
  /** The name of the stream in its store; none unless told otherwise. */
  String value() default "";

  /** How many chunks the window holds. */
  int windowChunks() default StreamSpec.DEFAULT_WINDOW_CHUNKS;

  /** How many bytes the window holds. */
  long windowBytes() default StreamSpec.DEFAULT_WINDOW_BYTES;
}
