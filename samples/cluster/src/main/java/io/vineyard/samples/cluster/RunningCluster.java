package io.vineyard.samples.cluster;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.client.VineyardClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** An etcd and two vineyardd on this machine, until it is closed, or this JVM ends. */
final class RunningCluster implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 30;
  private static final int POLL_MILLIS = 50;

  private final Path folder;
  private final List<RunningProgram> programs = new ArrayList<>();

  private RunningCluster(Path folder) {
    this.folder = folder;
  }

  static RunningCluster start(Installation found, long capacityBytes)
      throws IOException, InterruptedException {
    RunningCluster cluster = new RunningCluster(Files.createTempDirectory("cluster"));
    Runtime.getRuntime().addShutdownHook(new Thread(cluster::close)); // also at Ctrl-C
    try {
      int etcdPort = RunningProgram.freePort();
      cluster.startEtcd(found, etcdPort);
      cluster.startInstance(found, 0, etcdPort, capacityBytes);
      cluster.startInstance(found, 1, etcdPort, capacityBytes);
      return cluster;
    } catch (IOException | InterruptedException | RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  private void startEtcd(Installation found, int port) throws IOException, InterruptedException {
    String clients = "http://127.0.0.1:" + port;
    String peers = "http://127.0.0.1:" + RunningProgram.freePort();
    await(start("etcd", found.etcd(folder.resolve("data"), clients, peers)), () -> listens(port));
  }

  private void startInstance(Installation found, int index, int etcdPort, long capacityBytes)
      throws IOException, InterruptedException {
    String etcd = "http://127.0.0.1:" + etcdPort;
    RunningProgram instance =
        start(
            "instance-" + index,
            found.instance(socket(index), etcd, capacityBytes, RunningProgram.freePort()));
    await(instance, () -> answers(index));
  }

  private static void await(RunningProgram program, BooleanSupplier isReady)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!isReady.getAsBoolean()) {
      if (System.nanoTime() > end || program.endsWithin(POLL_MILLIS)) {
        throw new IOException("expected it to listen, " + program.lastWords());
      }
    }
  }

  private synchronized RunningProgram start(String name, List<String> command) throws IOException {
    if (!Files.exists(folder)) {
      throw new IOException("the cluster was closed before it had begun");
    }
    programs.add(RunningProgram.start(folder, name, command));
    return programs.get(programs.size() - 1);
  }

  private static boolean listens(int port) {
    try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return probe.isConnected();
    } catch (IOException notYet) {
      return false;
    }
  }

  private boolean answers(int index) {
    try (ObjectStore store = VineyardClient.create().socket(socket(index)).connectNow()) {
      return store.status().block() != null;
    } catch (VineyardException notYet) {
      return false;
    }
  }

  /** Returns where an instance listens. */
  Path socket(int index) {
    return folder.resolve("socket-" + index);
  }

  /** Kills an instance, as a machine that is lost. */
  void kill(int index) {
    programs.get(index + 1).process().destroyForcibly(); // the first is etcd
  }

  @Override
  public synchronized void close() {
    if (!Files.exists(folder)) {
      return; // closed before
    }
    while (!programs.isEmpty()) { // the instances first, which say good-bye to etcd
      programs.remove(programs.size() - 1).close();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException leftBehind) {
      System.err.println("could not delete " + folder + ": " + leftBehind);
    }
  }
}
