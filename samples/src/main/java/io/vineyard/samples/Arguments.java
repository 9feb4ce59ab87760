package io.vineyard.samples;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** Checks what users say. */
public final class Arguments {
  private Arguments() {}

  /** Complains of an option unless it is right. */
  public static void check(
      @Nullable CommandSpec command,
      String option,
      boolean isRight,
      String expected,
      @Nullable Object actual) {
    if (!isRight) {
      throw new ParameterException(
          Objects.requireNonNull(command).commandLine(),
          "%s: expected %s, got %s".formatted(option, expected, actual));
    }
  }

  /** Complains unless there is a file that can be read. */
  public static void requireFile(Path file) throws NoSuchFileException {
    if (!Files.isReadable(file)) {
      throw new NoSuchFileException(file.toString());
    }
  }

  /** Reads sizes like {@code 65536}, {@code 64k}, {@code 512m}, {@code 2g}. */
  static final class Bytes implements ITypeConverter<Long> {
    private static final String UNITS = "kmgt";

    @Override
    public Long convert(String text) {
      String lower = text.toLowerCase(Locale.ROOT);
      int unit = lower.isEmpty() ? -1 : UNITS.indexOf(lower.charAt(lower.length() - 1));
      String digits = unit < 0 ? lower : lower.substring(0, lower.length() - 1);
      try {
        return Math.multiplyExact(Long.parseLong(digits), 1L << (10 * (unit + 1)));
      } catch (NumberFormatException | ArithmeticException e) {
        throw new TypeConversionException("expected bytes like 65536, 64k or 2g, got " + text);
      }
    }
  }
}
