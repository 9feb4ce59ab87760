package io.vineyard.spring;

import org.springframework.http.MediaType;

/** The media types of batches that {@link MediaType} has not got. */
public final class VineyardMediaTypes {
  /** An Arrow IPC stream, for annotations. */
  public static final String ARROW_STREAM_VALUE = "application/vnd.apache.arrow.stream";

  /**
   * An Arrow IPC stream. A client that wants its buffers compressed says so with the parameter
   * {@code codecs}: {@code zstd}.
   */
  public static final MediaType ARROW_STREAM = MediaType.parseMediaType(ARROW_STREAM_VALUE);

  /** Values separated by commas, for annotations. */
  public static final String CSV_VALUE = "text/csv";

  /** Values separated by commas. */
  public static final MediaType CSV = MediaType.parseMediaType(CSV_VALUE);

  private VineyardMediaTypes() {}
}
