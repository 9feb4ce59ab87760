package io.vineyard.samples;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.test.VineyardTest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

@VineyardTest
class ReadmeExampleTest {
  private static final int MOST_LINES = 30;

  @Test
  void readmeShowsThisClass() throws IOException {
    String source =
        Files.readString(Path.of("src/main/java/io/vineyard/samples/ReadmeExample.java"));
    String example = source.substring(source.indexOf("import "));
    assertThat(Files.readString(Path.of("../README.md"))).contains("```java\n" + example + "```");
    assertThat(example.lines()).hasSizeLessThanOrEqualTo(MOST_LINES);
  }

  @Test
  void printsWhatItsCommentSays() {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      ReadmeExample.main(new String[0]);
    } finally {
      System.setOut(before);
    }
    assertThat(printed.toString(StandardCharsets.UTF_8)).isEqualTo("sum = 499500\n");
  }
}
