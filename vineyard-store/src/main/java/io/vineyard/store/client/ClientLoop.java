package io.vineyard.store.client;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.jspecify.annotations.Nullable;

/** The one thread of all clients of this JVM; it is made when it is first needed. */
final class ClientLoop {
  private static @Nullable EventLoopGroup group;

  private ClientLoop() {}

  /** Returns the loop; if it cannot be made now, the next call tries again. */
  static synchronized EventLoop get() {
    if (group == null) {
      group =
          new MultiThreadIoEventLoopGroup(
              1, new DefaultThreadFactory("vineyard-client", true), EpollIoHandler.newFactory());
    }
    return group.next();
  }
}
