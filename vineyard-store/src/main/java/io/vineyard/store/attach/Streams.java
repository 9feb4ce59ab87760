package io.vineyard.store.attach;

import io.vineyard.store.StreamInfo;

/** Words for streams in messages. */
final class Streams {
  private Streams() {}

  static String describe(StreamInfo info) {
    String name = info.spec().name();
    return "stream " + info.id() + (name == null ? "" : " \"" + name + "\"");
  }
}
