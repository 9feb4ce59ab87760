package io.vineyard.test;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs tests as a user's build does. */
final class UserTests {
  private static final Path SOURCES = Path.of("src/test/java");

  private UserTests() {}

  /** Runs one method; returns how it ended. */
  static TestExecutionResult run(Class<?> type, String method) {
    DiscoverySelector selector =
        List.of(type.getDeclaredMethods()).stream()
            .filter(found -> found.getName().equals(method))
            .map(found -> selectMethod(type, found))
            .findFirst()
            .orElseThrow();
    Map<String, TestExecutionResult> results = run(Map.of(), selector);
    return results.values().iterator().next();
  }

  /** Runs a class; returns how its tests ended, and the containers that failed. */
  static Map<String, TestExecutionResult> run(Class<?> type, Map<String, String> parameters) {
    return run(parameters, selectClass(type));
  }

  private static Map<String, TestExecutionResult> run(
      Map<String, String> parameters, DiscoverySelector... selectors) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectors)
            .configurationParameters(parameters)
            .build();
    Map<String, TestExecutionResult> results = new ConcurrentHashMap<>();
    LauncherFactory.create()
        .execute(
            request,
            new TestExecutionListener() {
              @Override
              public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                boolean isFailure = result.getStatus() != TestExecutionResult.Status.SUCCESSFUL;
                if (test.isTest() || isFailure) {
                  results.put(test.getUniqueId(), result);
                }
              }
            });
    return results;
  }

  /** Returns the place of the line with a marker, as messages say it. */
  static String line(Class<?> type, String marker) throws IOException {
    String file = type.getSimpleName() + ".java";
    Path source = SOURCES.resolve(type.getPackageName().replace('.', '/')).resolve(file);
    List<String> lines = Files.readAllLines(source);
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).endsWith("// " + marker)) {
        return "(" + file + ":" + (i + 1) + ")";
      }
    }
    throw new AssertionError("expected a line with // " + marker + " in " + source);
  }
}
