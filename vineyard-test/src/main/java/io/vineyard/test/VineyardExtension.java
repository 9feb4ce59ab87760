package io.vineyard.test;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ObjectStore;
import java.lang.reflect.Method;
import java.util.Optional;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Does what {@link VineyardTest} says. */
final class VineyardExtension
    implements AfterAllCallback,
        AfterEachCallback,
        BeforeEachCallback,
        InvocationInterceptor,
        ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(VineyardExtension.class);
  private static final String PARALLEL = "junit.jupiter.execution.parallel.enabled";
  private static final Set<Class<?>> TYPES =
      Set.of(
          ObjectStore.class,
          RecordBatchStream.class,
          TestStreamWriter.class,
          BufferAllocator.class,
          TestServer.class);

  VineyardExtension() {}

  @Override
  public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext root) {
    return ExtensionContextScope.TEST_METHOD;
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    watch(context).goOn();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    end(context);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    end(context);
  }

  private static void end(ExtensionContext context) {
    Watch watch = context.getStore(NAMESPACE).remove("watch " + context.getUniqueId(), Watch.class);
    if (watch != null) {
      watch.end();
    }
  }

  @Override
  public void interceptTestMethod(
      Invocation<@Nullable Void> invocation,
      ReflectiveInvocationContext<Method> invocationContext,
      ExtensionContext context)
      throws Throwable {
    watch(context).goOn();
    invocation.proceed();
  }

  @Override
  public void interceptTestTemplateMethod(
      Invocation<@Nullable Void> invocation,
      ReflectiveInvocationContext<Method> invocationContext,
      ExtensionContext context)
      throws Throwable {
    watch(context).goOn();
    invocation.proceed();
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return TYPES.contains(parameter.getParameter().getType());
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    TestStream stream = parameter.findAnnotation(TestStream.class).orElse(null);
    Watch watch = watch(context);
    if (type == ObjectStore.class) {
      return watch.newClient();
    } else if (type == RecordBatchStream.class) {
      return watch.newStream(stream);
    } else if (type == TestStreamWriter.class) {
      return watch.newWriter(stream);
    } else if (type == BufferAllocator.class) {
      return watch.newAllocator();
    }
    TestServer server = watch.store().server();
    if (server == null) {
      throw new ParameterResolutionException(
          "expected @VineyardTest(store = SERVED) for a TestServer, got an embedded store");
    }
    return server;
  }

  private static Watch watch(ExtensionContext context) {
    ExtensionContext.Store kept = context.getStore(NAMESPACE);
    String key = "watch " + context.getUniqueId();
    Watch known = kept.get(key, Watch.class);
    if (known != null) {
      return known;
    }
    endProcessesWith(context.getRoot());
    Watch.Subject subject =
        new Watch.Subject(
            context.getUniqueId(),
            title(context),
            context.getRequiredTestClass(),
            context.getConfigurationParameter(PARALLEL).map(Boolean::parseBoolean).orElse(false));
    Watch watch = new Watch(subject, settings(context), sharedStore(context));
    kept.put(key, watch);
    return watch;
  }

  /** JUnit closes what can be closed of the store of a context when that ends. */
  private static void endProcessesWith(ExtensionContext root) {
    root.getStore(NAMESPACE).put("processes", (AutoCloseable) TestStore::endProcesses);
  }

  private static String title(ExtensionContext context) {
    String type = context.getRequiredTestClass().getSimpleName();
    Optional<Method> method = context.getTestMethod();
    if (method.isEmpty()) {
      return type;
    }
    String name = type + "." + method.get().getName();
    String display = context.getDisplayName();
    return display.startsWith(method.get().getName()) ? name : name + " \"" + display + "\"";
  }

  private static VineyardTest settings(ExtensionContext context) {
    for (ExtensionContext at = context; at != null; at = at.getParent().orElse(null)) {
      Optional<VineyardTest> found =
          AnnotationSupport.findAnnotation(at.getElement(), VineyardTest.class);
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw new IllegalStateException(
        "expected @VineyardTest at or around " + context.getDisplayName());
  }

  private static @Nullable TestStore sharedStore(ExtensionContext context) {
    ExtensionContext at = context.getParent().orElse(null);
    while (at != null) {
      Watch around = at.getStore(NAMESPACE).get("watch " + at.getUniqueId(), Watch.class);
      if (around != null) {
        return around.openedStore();
      }
      at = at.getParent().orElse(null);
    }
    return null;
  }
}
