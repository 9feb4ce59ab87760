package io.vineyard.http;

/** The form that batches have as the body of an HTTP message. */
public enum BodyFormat {
  /** An Arrow IPC stream: the form for programs, which keeps everything. */
  ARROW("application/vnd.apache.arrow.stream"),

  /** One JSON object a row, each on a line of its own. */
  NDJSON("application/x-ndjson"),

  /** A JSON array of objects, one a row. */
  JSON("application/json"),

  /** A line with the names of the columns, then a line a row, as RFC 4180 has it. */
  CSV("text/csv"),

  /** Server-sent events, one a batch, whose data is a JSON array of its rows. */
  EVENT_STREAM("text/event-stream");

  private final String mediaType;

  BodyFormat(String mediaType) {
    this.mediaType = mediaType;
  }

  /** Returns the media type, without parameters; texts are in UTF-8. */
  public String mediaType() {
    return mediaType;
  }

  BodyWriter writer(BatchBodyEncoder settings) {
    return switch (this) {
      case ARROW -> new ArrowWriter(settings.compression());
      case NDJSON, JSON, EVENT_STREAM -> new TextWriter(new JsonRows(this));
      case CSV -> new TextWriter(new CsvRows());
    };
  }
}
