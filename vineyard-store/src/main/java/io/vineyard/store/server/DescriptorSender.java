package io.vineyard.store.server;

import io.netty.channel.Channel;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import java.io.IOException;

/** Sends descriptors to other processes. */
interface DescriptorSender {
  /**
   * Sends directly, and not by writing to the channel: a channel takes a full socket for an error
   * in what is written, and ends.
   */
  DescriptorSender DIRECT =
      (to, descriptor) -> ((Socket) ((UnixChannel) to).fd()).sendFd(descriptor) > 0;

  /** Sends a descriptor; returns false if there is no room for it now. */
  boolean send(Channel to, int descriptor) throws IOException;
}
