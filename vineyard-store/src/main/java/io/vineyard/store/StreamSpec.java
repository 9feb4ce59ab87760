package io.vineyard.store;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a stream is like: its kind, its name and its window. Immutable; each setter returns a copy.
 *
 * <p>The window bounds what a writer may have published and not yet had released, in chunks and in
 * bytes. A chunk that is larger than the byte window passes alone.
 */
public final class StreamSpec {
  /** The type name of streams of Arrow record batches. */
  public static final String RECORD_BATCHES = "vineyard::RecordBatchStream";

  /** The type name of streams of data frames. */
  public static final String DATAFRAMES = "vineyard::DataframeStream";

  /** The type name of streams of bytes. */
  public static final String BYTES = "vineyard::ByteStream";

  /** How many chunks a window holds unless told otherwise. */
  public static final int DEFAULT_WINDOW_CHUNKS = 256;

  /** How many bytes a window holds unless told otherwise: 64 MiB. */
  public static final long DEFAULT_WINDOW_BYTES = 64L << 20;

  private static final int MOST_WINDOW_CHUNKS = 1 << 16;
  private static final StreamSpec DEFAULT =
      new StreamSpec(RECORD_BATCHES, null, DEFAULT_WINDOW_CHUNKS, DEFAULT_WINDOW_BYTES);

  private final String typeName;
  private final @Nullable String name;
  private final int windowChunks;
  private final long windowBytes;

  private StreamSpec(String typeName, @Nullable String name, int windowChunks, long windowBytes) {
    this.typeName = typeName;
    this.name = name;
    this.windowChunks = windowChunks;
    this.windowBytes = windowBytes;
  }

  /** Returns the defaults: a nameless stream with a window of 256 chunks and 64 MiB. */
  public static StreamSpec create() {
    return DEFAULT;
  }

  /** Returns the defaults with a name. */
  public static StreamSpec named(String name) {
    return DEFAULT.name(name);
  }

  /** Sets the type name, one of the constants here or a user's own. */
  public StreamSpec typeName(String value) {
    return new StreamSpec(
        Objects.requireNonNull(value, "typeName"), name, windowChunks, windowBytes);
  }

  /** Sets the name under which the stream is found; it must not be taken when it is created. */
  public StreamSpec name(String value) {
    return new StreamSpec(
        typeName, Objects.requireNonNull(value, "name"), windowChunks, windowBytes);
  }

  /**
   * Sets how many chunks the window holds.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} outside of 1 to 65,536
   */
  public StreamSpec windowChunks(int value) {
    if (value < 1 || value > MOST_WINDOW_CHUNKS) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a window of 1 to " + MOST_WINDOW_CHUNKS + " chunks, got " + value);
    }
    return new StreamSpec(typeName, name, value, windowBytes);
  }

  /**
   * Sets how many bytes the window holds.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} below 1
   */
  public StreamSpec windowBytes(long value) {
    if (value < 1) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected a window of at least 1 byte, got " + value);
    }
    return new StreamSpec(typeName, name, windowChunks, value);
  }

  /** Returns the type name. */
  public String typeName() {
    return typeName;
  }

  /** Returns the name, null if there is none. */
  public @Nullable String name() {
    return name;
  }

  /** Returns how many chunks the window holds. */
  public int windowChunks() {
    return windowChunks;
  }

  /** Returns how many bytes the window holds. */
  public long windowBytes() {
    return windowBytes;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof StreamSpec that
        && typeName.equals(that.typeName)
        && Objects.equals(name, that.name)
        && windowChunks == that.windowChunks
        && windowBytes == that.windowBytes;
  }

  @Override
  public int hashCode() {
    return Objects.hash(typeName, name, windowChunks, windowBytes);
  }

  @Override
  public String toString() {
    return typeName
        + (name == null ? "" : " \"" + name + "\"")
        + " window "
        + windowChunks
        + " chunks, "
        + windowBytes
        + " bytes";
  }
}
