package io.vineyard.store.client.json;

import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;

/**
 * Has a channel read exactly what is wanted, and then look again: a read beyond a reply would lose
 * the descriptor behind it.
 */
final class ExactReads extends DefaultMaxMessagesRecvByteBufAllocator {
  private int wanted;

  ExactReads() {
    super(1);
  }

  /** Sets how many bytes the next read asks for, at least 1. */
  void want(int bytes) {
    wanted = bytes;
  }

  @Override
  @SuppressWarnings("deprecation") // there is no other kind of handle for a channel
  public RecvByteBufAllocator.Handle newHandle() {
    return new MaxMessageHandle() {
      @Override
      public int guess() {
        return wanted;
      }
    };
  }
}
