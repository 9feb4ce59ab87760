package io.vineyard.store.protocol.binary;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The pictures of the bytes in the sources: each codec has one, and it is not stale. */
class BytePicturesTest {
  private static final Path SOURCES =
      Path.of("src/main/java", BytePicturesTest.class.getPackageName().replace('.', '/'));
  private static final Pattern FIELD = Pattern.compile("\\| (\\w+)(?:: (\\w+))? *(?=\\|)");

  static Stream<Class<?>> codecs() throws IOException {
    try (Stream<Path> files = Files.list(SOURCES)) {
      return files
          .map(file -> file.getFileName().toString().replace(".java", ""))
          .filter(name -> !name.equals("package-info"))
          .map(BytePicturesTest::load)
          .flatMap(type -> Stream.of(type.getDeclaredClasses()))
          .filter(FrameCodec.class::isAssignableFrom)
          .toList()
          .stream();
    }
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(BytePicturesTest.class.getPackageName() + "." + name);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String picture(Class<?> codec) throws IOException {
    Path file = SOURCES.resolve(codec.getDeclaringClass().getSimpleName() + ".java");
    String source = Files.readString(file);
    String before = source.substring(0, source.indexOf("class " + codec.getSimpleName() + " "));
    String comment = before.substring(before.lastIndexOf("/**"));
    assertThat(comment).as("the Javadoc of " + codec).contains("<pre>", "</pre>");
    return comment.substring(comment.indexOf("<pre>"), comment.indexOf("</pre>"));
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void namesEveryFieldInItsOrder(Class<?> codec) throws IOException {
    Class<?> message =
        (Class<?>) ((ParameterizedType) codec.getGenericSuperclass()).getActualTypeArguments()[0];
    Matcher field = FIELD.matcher(picture(codec));
    List<String> drawn = new ArrayList<>();
    while (field.find()) {
      drawn.add(field.group(1));
    }
    assertThat(drawn)
        .isEqualTo(
            Stream.of(message.getRecordComponents())
                .map(RecordComponent::getName)
                .collect(Collectors.toList()));
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void hasTheOffsetsOfItsFields(Class<?> codec) throws IOException {
    Class<?> message =
        (Class<?>) ((ParameterizedType) codec.getGenericSuperclass()).getActualTypeArguments()[0];
    String picture = picture(codec);
    String numbers = picture.lines().filter(line -> line.matches(" *\\*[ 0-9]+")).findFirst().get();
    List<Integer> drawn =
        Stream.of(numbers.replace("*", "").trim().split(" +")).map(Integer::valueOf).toList();
    List<Integer> expected = new ArrayList<>();
    int offset = 0;
    for (RecordComponent component : message.getRecordComponents()) {
      expected.add(offset);
      int size = sizeOf(message, component);
      if (size < 0) {
        break;
      }
      offset += size;
    }
    assertThat(drawn).isEqualTo(expected);
  }

  /** Returns -1 for what has no fixed size. */
  private static int sizeOf(Class<?> message, RecordComponent component) {
    if (component.getType() == int.class) {
      // Versions are small, all other numbers of type int are not.
      return Handshake.class.isAssignableFrom(message) && !component.getName().equals("code")
          ? Short.BYTES
          : Integer.BYTES;
    }
    return component.getType() == long.class ? Long.BYTES : -1;
  }
}
