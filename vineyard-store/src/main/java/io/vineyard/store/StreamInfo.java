package io.vineyard.store;

/**
 * A stream as it was at one moment.
 *
 * @param id its name in the instance
 * @param spec what it was created with
 * @param state where it is in its life
 * @param publishedChunks chunks published since its start
 * @param publishedBytes bytes of these chunks
 * @param releasedChunks chunks that readers have released
 * @param releasedBytes bytes of these chunks
 * @param leasedChunks chunks that readers hold now
 * @param hasWriter whether a writer is attached
 * @param hasReader whether a reader is attached
 */
public record StreamInfo(
    ObjectId id,
    StreamSpec spec,
    State state,
    long publishedChunks,
    long publishedBytes,
    long releasedChunks,
    long releasedBytes,
    long leasedChunks,
    boolean hasWriter,
    boolean hasReader) {

  /** The life of a stream. */
  public enum State {
    /** Chunks may come. */
    OPEN,
    /** The writer ended it well. */
    FINISHED,
    /** The writer ended it with an error, or was lost. */
    FAILED
  }

  /** Returns its id and, where it has one, its name, as messages say them. */
  public String describe() {
    String name = spec.name();
    return "stream " + id + (name == null ? "" : " \"" + name + "\"");
  }

  /** Returns how many chunks of the window are used. */
  public long windowUsedChunks() {
    return publishedChunks - releasedChunks;
  }

  /** Returns how many bytes of the window are used. */
  public long windowUsedBytes() {
    return publishedBytes - releasedBytes;
  }
}
