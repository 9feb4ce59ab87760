package io.vineyard.store.server;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a real client and the real server have said to each other.
 *
 * @param name of the file, without its ending
 * @param lines in the order in which they were said
 */
public record Recording(String name, List<Line> lines) {
  private static final Path FOLDER = Path.of("src/test/resources/vineyard-dialect");
  private static final String ENDING = ".jsonl";

  /**
   * One message, or the end of a connection.
   *
   * @param number of the line, from 1
   * @param connection which of them, from 1
   * @param isOfClient who said it
   * @param descriptors how many follow it
   * @param message null if the connection ends
   */
  public record Line(
      int number,
      int connection,
      boolean isOfClient,
      int descriptors,
      @Nullable JsonNode message) {}

  /** Returns all of them. */
  public static List<Recording> all() {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files
          .filter(file -> file.toString().endsWith(ENDING))
          .sorted()
          .map(Recording::read)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Recording read(Path file) {
    try {
      List<String> texts = Files.readAllLines(file);
      List<Line> lines = new ArrayList<>();
      for (String text : texts) {
        JsonNode line = Messages.parse(text);
        lines.add(
            new Line(
                lines.size() + 1,
                line.get("connection").asInt(),
                line.get("from").asText().equals("client"),
                line.path("descriptors").asInt(),
                line.get("message")));
      }
      String name = file.getFileName().toString();
      return new Recording(name.substring(0, name.length() - ENDING.length()), lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
