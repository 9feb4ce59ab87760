package io.vineyard.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.process.ChildJvm;
import java.io.File;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Whoever has no Micrometer on the class path does not miss it. */
class WithoutMicrometerIT {
  @Test
  void streamsNeedNoMicrometer() {
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !entry.contains("micrometer"))
            .filter(entry -> !entry.contains("opentelemetry"))
            .filter(entry -> !entry.contains("context-propagation"))
            .collect(Collectors.joining(File.pathSeparator));
    try (ChildJvm child = ChildJvm.startWith(classPath, WithoutMicrometerPeer.class)) {
      child.expect("no Micrometer");
      assertThat(child.expect("types")).isNotEqualTo("0");
      child.expect("sum 499500");
      assertThat(child.awaitExit()).isZero();
    }
  }
}
