package io.vineyard.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.handler.timeout.IdleState;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes a connection whose peer has taken nothing for some time while there was something to send,
 * so that what waits for it does not keep memory of a store for ever. A peer that is slow, or that
 * nothing is sent to, is left alone.
 *
 * <p>A handler of one connection.
 */
public final class StallGuard extends IdleStateHandler {
  private static final Logger log = LoggerFactory.getLogger(StallGuard.class);

  private final Duration timeout;

  private StallGuard(Duration timeout) {
    super(true, 0, timeout.toNanos(), 0, TimeUnit.NANOSECONDS);
    this.timeout = timeout;
  }

  /**
   * Makes a handler.
   *
   * @param timeout how long nothing may be taken; the connection is closed then, and at the latest
   *     after three times that time
   * @throws VineyardException with {@link ErrorCode#INVALID} below 1 ms
   */
  public static StallGuard of(Duration timeout) {
    if (timeout.toMillis() < 1) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected a timeout of at least 1 ms, got " + timeout);
    }
    return new StallGuard(timeout);
  }

  @Override
  protected void channelIdle(ChannelHandlerContext context, IdleStateEvent event) {
    if (event.isFirst()) {
      return; // only from now on it is known whether something is taken
    }
    ChannelOutboundBuffer waiting = context.channel().unsafe().outboundBuffer();
    if (event.state() == IdleState.WRITER_IDLE && waiting != null && !waiting.isEmpty()) {
      log.warn(
          "Closing {}: its peer has taken nothing of {} bytes for {}",
          context.channel(),
          waiting.totalPendingWriteBytes(),
          timeout);
      context.close();
    }
  }
}
