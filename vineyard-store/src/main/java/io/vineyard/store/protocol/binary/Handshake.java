package io.vineyard.store.protocol.binary;

import io.vineyard.store.message.Texts;

/** What is said before the first command, and after the last event. */
public sealed interface Handshake {
  /** The oldest version of the dialect that is spoken here. */
  int LOWEST_VERSION = 1;

  /** The newest version of the dialect that is spoken here. */
  int HIGHEST_VERSION = 1;

  /**
   * The first frame of a client.
   *
   * @param lowest the oldest version that it speaks
   * @param highest the newest version that it speaks
   * @param pid its process
   * @param name who it is, in messages to others
   */
  record Hello(int lowest, int highest, long pid, String name) implements Handshake {}

  /**
   * The first frame of a store.
   *
   * @param version the version that is spoken from now on
   * @param client the number of the client
   * @param tokenHigh upper half of what proves that the second connection is this client's
   * @param tokenLow lower half of it
   * @param capacityBytes the capacity of the store
   * @param segmentBytes the usual capacity of its segments
   * @param pid its process
   */
  record Welcome(
      int version,
      long client,
      long tokenHigh,
      long tokenLow,
      long capacityBytes,
      long segmentBytes,
      long pid)
      implements Handshake {}

  /**
   * The first frame of a client's second connection.
   *
   * @param client the number of the client
   * @param tokenHigh upper half of the token
   * @param tokenLow lower half of the token
   */
  record Attach(long client, long tokenHigh, long tokenLow) implements Handshake {}

  /**
   * Both connections are there.
   *
   * @param version the version that is spoken
   */
  record Ready(int version) implements Handshake {}

  /**
   * The last frame of a store.
   *
   * @param code an error code
   * @param message why the connection ends
   */
  record Closed(int code, String message) implements Handshake {
    /** Makes the frame; a message that is too long is cut. */
    public Closed {
      message = Texts.cut(message);
    }
  }
}
