package io.vineyard.store.server.json;

import io.vineyard.store.memory.Segment;
import io.vineyard.store.protocol.json.Reply;
import java.util.List;

/** The connection that a session belongs to. */
public interface Peer {
  /** It has said who it is. */
  void registered(String name);

  /**
   * Sends a reply, and then the descriptors of these segments, which are its to close. The next
   * request is read when that is done.
   */
  void reply(Reply reply, List<Segment> files);

  /** Ends the connection; nothing more is read. */
  void end();
}
