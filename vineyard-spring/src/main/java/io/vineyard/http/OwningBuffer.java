package io.vineyard.http;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;

/** A buffer over memory that somebody gives back when all has been sent. */
final class OwningBuffer extends CompositeByteBuf {
  private final Runnable owner;
  private Runnable onReleased = () -> {};

  OwningBuffer(ByteBufAllocator allocator, Runnable owner) {
    // so many components that it never copies them into fewer
    super(allocator, true, Integer.MAX_VALUE);
    this.owner = owner;
  }

  /** Sets who is told when the memory was given back; before anybody else has the buffer. */
  void onReleased(Runnable listener) {
    onReleased = listener;
  }

  @Override
  protected void deallocate() {
    super.deallocate();
    owner.run();
    onReleased.run();
  }
}
