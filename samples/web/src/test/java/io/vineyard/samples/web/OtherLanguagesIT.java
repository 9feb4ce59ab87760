package io.vineyard.samples.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.samples.SecondJvm;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.arrow.ArrowStreamWriter;
import io.vineyard.store.client.VineyardClient;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients in Python and JavaScript, where this machine has what they need. */
class OtherLanguagesIT {
  private static final String SUMS = "200000 rows, sum(delay) = 1500159, sum(distance) = 145847125";
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static RunningApp app;

  @TempDir private Path folder;

  @BeforeAll
  static void startApp() {
    app = new RunningApp();
  }

  @AfterAll
  static void stopApp() {
    app.close();
  }

  @Test
  void pyarrowReadsAllFlights() throws Exception {
    assertThat(python("sum", app.url() + "/flights.arrow")).isEqualTo(SUMS);
  }

  @Test
  void whatPyarrowSendsIsWhatAThirdProcessReads() throws Exception {
    Path file = folder.resolve("read.arrows");
    Process reader = SecondJvm.start(Reader.class, app.socket(), "from-python", file);
    String answer = python("send", app.url() + "/streams/from-python");
    assertThat(answer).isEqualTo("{\"stream\":\"from-python\",\"batches\":10,\"rows\":10000}");
    assertThat(reader.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(python("check", file.toString())).isEqualTo("the same");
  }

  @Test
  void apacheArrowForJavaScriptReadsAllFlights() throws Exception {
    boolean hasNode =
        Arrays.stream(System.getenv("PATH").split(":", -1))
            .anyMatch(entry -> Files.isExecutable(Path.of(entry, "node")));
    assumeThat(hasNode).as("node on the PATH").isTrue();
    String bundle = "src/main/resources/static/vendor/apache-arrow-21.2.0/Arrow.es2015.min.js";
    assertThat(
            run(
                "node",
                "src/test/resources/client.cjs",
                Path.of(bundle).toAbsolutePath().toString(),
                app.url() + "/flights.arrow"))
        .isEqualTo(SUMS);
  }

  private String python(String what, String where) throws Exception {
    String variable = "VINEYARD_PYTHON";
    String python = System.getProperty(variable, System.getenv(variable));
    assumeThat(python)
        .as("%s names a Python with pyarrow, as property or in the environment", variable)
        .isNotNull();
    return run(python, "src/test/resources/client.py", what, where);
  }

  private String run(String... command) throws IOException, InterruptedException {
    Path said = Files.createTempFile(folder, "said", ".txt");
    Process process =
        new ProcessBuilder(List.of(command))
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    boolean ended = process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertThat(ended).as("%s has ended", process).isTrue();
    assertThat(process.exitValue()).as(() -> "it said " + said(said)).isZero();
    return said(said);
  }

  private static String said(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Reads a stream in a process of its own, and writes a file: SOCKET STREAM FILE. */
  static final class Reader {
    private Reader() {}

    public static void main(String[] args) throws IOException {
      try (ObjectStore store = VineyardClient.create().socket(Path.of(args[0])).connectNow();
          FileChannel channel =
              FileChannel.open(
                  Path.of(args[2]), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          ArrowStreamWriter writer = ArrowStreamWriter.over(channel)) {
        RecordBatchStream.open(store, args[1], PATIENCE)
            .flatMapMany(RecordBatchStream::reader)
            .doOnNext(
                batch -> {
                  try (batch) {
                    writer.write(batch);
                  }
                })
            .then()
            .block(PATIENCE);
      }
      System.exit(0);
    }
  }
}
