package io.vineyard.benchmarks.peer;

import io.vineyard.benchmarks.end.Work;
import io.vineyard.benchmarks.other.BareSocketEnd;
import io.vineyard.benchmarks.other.IpcEnd;
import io.vineyard.benchmarks.other.ThreadEnd;
import io.vineyard.benchmarks.ours.OursEnd;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** All that can be measured. */
public final class PeerKinds {
  /** The setup with the store in the writer's process. */
  public static final String WRITER = "writer";

  /** The setup with the store in a process of its own. */
  public static final String SERVER = "server";

  /** The setup with the store in the writer's process, and readers that spin. */
  public static final String SPIN = "spin";

  /** The setup with all in one JVM. */
  public static final String JVM = "jvm";

  private static final String NO_BATCHES = "it carries no batches, only a wake-up";
  private static final String ONE_NAME = "both ends know only one stream of a round by its name";
  private static final long UNBOUNDED = Long.MAX_VALUE;
  private static final long MOST_CHRONICLE_BYTES = 4L << 30;
  private static final long MOST_VINEYARD_BYTES = 1L << 30;
  private static final double HALF = 0.5;
  private static final double TENTH = 0.1;
  private static final String HTTP_END = "io.vineyard.benchmarks.http.HttpEnd";
  private static final List<String> TWO = List.of("writer", "reader");

  /** What its makers ask for on JDK 17 and newer. */
  private static final List<String> CHRONICLE_FLAGS =
      List.of(
          "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
          "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
          "--add-exports=jdk.unsupported/sun.misc=ALL-UNNAMED",
          "--add-exports=jdk.compiler/com.sun.tools.javac.file=ALL-UNNAMED",
          "--add-opens=jdk.compiler/com.sun.tools.javac=ALL-UNNAMED",
          "--add-opens=java.base/java.lang=ALL-UNNAMED",
          "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
          "--add-opens=java.base/java.io=ALL-UNNAMED",
          "--add-opens=java.base/java.util=ALL-UNNAMED",
          "--add-opens=java.base/java.nio=ALL-UNNAMED",
          "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
          "-Dchronicle.analytics.disable=true");

  private PeerKinds() {}

  /** Returns this project in a setup. */
  public static PeerKind ours(String setup) {
    List<String> roles =
        switch (setup) {
          case WRITER, SPIN -> TWO;
          case SERVER -> List.of("server", "writer", "reader");
          default -> List.of("jvm");
        };
    return own("ours", setup, roles, OursEnd.class, Installation.addedFlags());
  }

  /** Returns all others. */
  public static List<PeerKind> others(@Nullable Path vineyard) {
    List<PeerKind> kinds = new ArrayList<>();
    kinds.add(own("thread", JVM, List.of("jvm"), ThreadEnd.class, List.of()));
    kinds.add(flight("flight", "tcp"));
    kinds.add(flight("flight-uds", "uds"));
    kinds.add(own("arrow-ipc", WRITER, TWO, IpcEnd.class, List.of()));
    kinds.add(
        own("bare-socket", WRITER, TWO, BareSocketEnd.class, List.of())
            .without(Map.of(Work.HAND_OFF, NO_BATCHES, Work.PIPELINE, NO_BATCHES)));
    kinds.add(
        library(
            "aeron",
            "io.vineyard.benchmarks.aeron.AeronEnd",
            List.of(
                "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                "--add-opens=java.base/java.util.zip=ALL-UNNAMED",
                "-Dagrona.disable.bounds.checks=true"),
            UNBOUNDED));
    kinds.add(
        library(
            "chronicle",
            "io.vineyard.benchmarks.chronicle.ChronicleEnd",
            CHRONICLE_FLAGS,
            MOST_CHRONICLE_BYTES));
    kinds.add(python("vineyard-recordbatch", vineyard, Map.of()));
    kinds.add(
        python(
            "vineyard-buffer",
            vineyard,
            Map.of(
                Work.LATENCY,
                "a chunk of a ByteStream is seen only when its writer asks for the next one")));
    return kinds;
  }

  /** Returns bodies of HTTP responses: this project's first, then what it is compared with. */
  public static List<PeerKind> http() {
    return List.of(
        http("ours", "arrow", HTTP_END),
        http("by-hand", "bytes", HTTP_END),
        http("jackson", "json", HTTP_END));
  }

  /** Returns streams from store to store over TCP, and Arrow Flight, which has no stores. */
  public static List<PeerKind> bridge() {
    return List.of(
        http("ours", "bridge", "io.vineyard.benchmarks.http.BridgeEnd"), flight("flight", "tcp"));
  }

  private static PeerKind http(String name, String setup, String main) {
    PeerKind.Command command =
        role -> Installation.java(List.of(), Installation.classPathOf("http"), main);
    return new PeerKind(name, setup, TWO, command, HALF, UNBOUNDED, Map.of());
  }

  private static PeerKind own(
      String name, String setup, List<String> roles, Class<?> main, List<String> flags) {
    PeerKind.Command command =
        role -> Installation.java(flags, Installation.ownClassPath(), main.getName());
    return new PeerKind(name, setup, roles, command, 1, UNBOUNDED, Map.of());
  }

  private static PeerKind library(String module, String main, List<String> flags, long mostBytes) {
    PeerKind.Command command =
        role -> Installation.java(flags, Installation.classPathOf("peers/" + module), main);
    return new PeerKind(module, WRITER, TWO, command, HALF, mostBytes, Map.of());
  }

  private static PeerKind flight(String name, String transport) {
    PeerKind.Command command =
        role ->
            Installation.java(
                List.of(
                    "--add-opens=java.base/java.nio=ALL-UNNAMED",
                    "-Dbenchmarks.transport=" + transport),
                Installation.classPathOf("peers/flight"),
                "io.vineyard.benchmarks.flight.FlightEnd");
    return new PeerKind(name, WRITER, TWO, command, HALF, UNBOUNDED, Map.of());
  }

  /**
   * Returns streams of this project's server between two Pythons, and between Java and Python both
   * ways; and then between two Pythons of the real server.
   *
   * @param venv a Python environment with vineyard
   */
  public static List<PeerKind> languages(Path venv) {
    return List.of(
        mixed("python-python", Set.of("writer", "reader"), venv),
        mixed("java-python", Set.of("reader"), venv),
        mixed("python-java", Set.of("writer"), venv),
        python("vineyard-recordbatch", venv, Map.of()));
  }

  /** Returns this project with some ends in Python. */
  private static PeerKind mixed(String setup, Set<String> inPython, Path venv) {
    PeerKind java = ours(SERVER);
    PeerKind.Command command =
        role ->
            inPython.contains(role)
                ? pythonCommand("ours-recordbatch", venv)
                : java.command().make(role);
    return new PeerKind(
        java.name(),
        setup,
        java.roles(),
        command,
        java.warmUp(),
        MOST_VINEYARD_BYTES,
        Map.of(Work.LATENCY, ONE_NAME));
  }

  private static List<String> pythonCommand(String name, @Nullable Path venv) {
    if (venv == null) {
      throw new EndFailedException("it needs --vineyard VENV, a Python with vineyard");
    }
    Path python = venv.resolve("bin").resolve("python");
    if (!Files.isExecutable(python)) {
      throw new EndFailedException("there is no " + python);
    }
    Path script = Installation.home().resolve("python").resolve("vineyard_peer.py");
    return List.of(python.toString(), script.toString(), name);
  }

  private static PeerKind python(
      String name, @Nullable Path vineyard, Map<Work, String> reasonsWithout) {
    return new PeerKind(
        name,
        SERVER,
        List.of("server", "writer", "reader"),
        role -> pythonCommand(name, vineyard),
        TENTH,
        MOST_VINEYARD_BYTES,
        reasonsWithout);
  }
}
