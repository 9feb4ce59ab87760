package io.vineyard.benchmarks;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * What users of the library have on their class path.
 *
 * @param jars how many jars, folders of classes counted as the jars that they become
 * @param bytes their size
 * @param classes how many classes they have
 */
record ClassPath(int jars, long bytes, long classes) {
  /** What only the benchmarks need. */
  private static final List<String> NOT_OURS = List.of("picocli", "logback");

  private static final String CLASS = ".class";

  /** Counts a class path, without what only the benchmarks need. */
  static ClassPath ofLibrary(String classPath) throws IOException {
    int jars = 0;
    long bytes = 0;
    long classes = 0;
    for (String entry : classPath.split(File.pathSeparator, -1)) {
      Path path = Path.of(entry).toAbsolutePath();
      if (!isOfLibrary(path)) {
        continue;
      }
      jars++;
      bytes += Files.isDirectory(path) ? sizeAsJar(path) : Files.size(path);
      classes += Files.isDirectory(path) ? classesInFolder(path) : classesInJar(path);
    }
    return new ClassPath(jars, bytes, classes);
  }

  private static boolean isOfLibrary(Path path) {
    boolean isBenchmark =
        Files.exists(path.resolve("io").resolve("vineyard").resolve("benchmarks"));
    String name = path.getFileName().toString();
    return Files.exists(path) && !isBenchmark && NOT_OURS.stream().noneMatch(name::startsWith);
  }

  private static long classesInJar(Path path) throws IOException {
    try (JarFile jar = new JarFile(path.toFile())) {
      return jar.stream()
          .map(ZipEntry::getName)
          .filter(name -> name.endsWith(CLASS) && !name.startsWith("META-INF"))
          .count();
    }
  }

  private static long classesInFolder(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(path -> path.toString().endsWith(CLASS)).count();
    }
  }

  private static long sizeAsJar(Path folder) throws IOException {
    var counter = new CountingStream();
    try (Stream<Path> files = Files.walk(folder);
        ZipOutputStream zip = new ZipOutputStream(counter)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        zip.putNextEntry(new ZipEntry(folder.relativize(file).toString()));
        Files.copy(file, zip);
      }
    }
    return counter.count;
  }

  private static final class CountingStream extends OutputStream {
    private long count;

    @Override
    public void write(int value) {
      count++;
    }

    @Override
    public void write(byte[] bytes, int offset, int size) {
      count += size;
    }
  }
}
