package io.vineyard.samples;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.arrow.ArrowFile;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.embedded.EmbeddedStore;
import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import reactor.core.Disposable;

/** Streams 200,000 flights from a writer's process to a reader's. */
@Command(
    name = "quickstart",
    description = "Streams 200,000 flights from a writer's process to a reader's.")
final class Quickstart implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @Option(names = "--repeat", paramLabel = "N", description = "Sends the file this many times.")
  private int repeat = 1;

  @Option(names = "--batch-rows", paramLabel = "N", description = "Most rows of a batch.")
  private int batchRows = 4096;

  @Option(names = "--window", paramLabel = "BYTES", description = "Bytes that the writer is ahead.")
  private long windowBytes = StreamSpec.DEFAULT_WINDOW_BYTES;

  @Option(names = "--threads", description = "Keeps both ends in one JVM.")
  private boolean threads;

  @Option(
      names = "--server",
      paramLabel = "SOCKET",
      description = "Takes the store of a running server.")
  private @Nullable Path server;

  @Spec private @Nullable CommandSpec command;

  @Override
  public Integer call() throws Exception {
    Arguments.check(command, "--repeat", repeat >= 1, "at least 1", repeat);
    Arguments.check(command, "--batch-rows", batchRows >= 1, "at least 1", batchRows);
    Arguments.check(command, "--window", windowBytes >= 1, "at least 1", windowBytes);
    Arguments.check(command, "--threads", !threads || server == null, "no --server", server);
    Path flights = Path.of(System.getProperty("samples.home"), "data", "flights-200k.arrow");
    Arguments.requireFile(flights);
    try (ArrowFile file = ArrowFile.open(flights)) {
      if (threads) {
        return inOneProcess(file);
      } else if (server != null) {
        try (ObjectStore store = VineyardClient.create().socket(server).connectNow()) {
          return inTwoProcesses(file, store, server);
        }
      }
      return overOwnServer(file);
    }
  }

  private int inOneProcess(ArrowFile file) {
    try (ObjectStore store = EmbeddedStore.create().open();
        ObjectStore readersStore = store.fork().block(PATIENCE)) {
      RecordBatchStream stream = createStream(store);
      Disposable writing = new FlightsWriter(file, repeat, batchRows).write(stream);
      try {
        return new FlightsReader(
                readersStore, repeat, "a thread of process " + ProcessHandle.current().pid())
            .read(stream);
      } finally {
        writing.dispose();
      }
    }
  }

  private int overOwnServer(ArrowFile file) throws Exception {
    Path folder = Files.createTempDirectory("vineyard");
    try {
      BoundServer own = VineyardServer.create().socket(folder.resolve("store.sock")).bindNow();
      try (ObjectStore store = own.connectNow()) {
        return inTwoProcesses(file, store, own.socket());
      } finally {
        own.disposeNow(PATIENCE);
      }
    } finally {
      Files.deleteIfExists(folder);
    }
  }

  private int inTwoProcesses(ArrowFile file, ObjectStore store, Path socket)
      throws IOException, InterruptedException {
    RecordBatchStream stream = createStream(store);
    Process reader = SecondJvm.start(FlightsReader.class, socket, stream.id(), repeat);
    Disposable writing = new FlightsWriter(file, repeat, batchRows).write(stream);
    try {
      return reader.waitFor();
    } finally {
      reader.destroy();
      writing.dispose();
    }
  }

  private RecordBatchStream createStream(ObjectStore store) {
    return RecordBatchStream.create(store, StreamSpec.create().windowBytes(windowBytes))
        .block(PATIENCE);
  }
}
