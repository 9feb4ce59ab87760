package io.vineyard.spring.boot;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * What can be set of a store and of what is done with it.
 *
 * @param mode where the store is. Without it: a client if there is a socket, else embedded
 * @param socket path of the server's socket, at most 107 bytes
 * @param capacity most memory that an embedded or served store may use
 * @param segmentSize usual size of the pieces of memory that the store is made of
 * @param name name of the client in messages that others get about it; that of the application
 *     unless it is set
 * @param connectTimeout how long a client waits for the server when it connects
 * @param failFast whether the application fails to start if a client can't reach its store; without
 *     it, the client connects when it is used
 * @param window defaults for the windows of new streams
 * @param web how batches go over HTTP
 */
@ConfigurationProperties("vineyard")
public record VineyardProperties(
    @Nullable Mode mode,
    @Nullable Path socket,
    @DefaultValue("1GB") DataSize capacity,
    @DefaultValue("64MB") DataSize segmentSize,
    @Nullable String name,
    @DefaultValue("10s") Duration connectTimeout,
    @DefaultValue("false") boolean failFast,
    @DefaultValue Window window,
    @DefaultValue Web web) {

  /** Where a store is. */
  public enum Mode {
    /** In this process, for itself. */
    EMBEDDED,
    /** In this process, served on a socket for others as well. */
    SERVER,
    /** In another process, reached by its socket. */
    CLIENT
  }

  /**
   * How far a writer may be ahead of its reader.
   *
   * @param chunks most chunks
   * @param size most bytes
   */
  public record Window(@DefaultValue("256") int chunks, @DefaultValue("64MB") DataSize size) {}

  /**
   * How batches go over HTTP.
   *
   * @param maxBatchSize largest batch that a request or response may bring, decompressed
   * @param maxInFlight most bytes that are on their way to a client before it has taken them
   * @param stallTimeout how long a client may take nothing of a response before it is cut off; 0
   *     for ever
   */
  public record Web(
      @DefaultValue("64MB") DataSize maxBatchSize,
      @DefaultValue("1MB") DataSize maxInFlight,
      @DefaultValue("30s") Duration stallTimeout) {}

  /** Returns where the store is, as far as the other properties say. */
  public Mode effectiveMode() {
    if (mode != null) {
      return mode;
    }
    return socket == null ? Mode.EMBEDDED : Mode.CLIENT;
  }
}
