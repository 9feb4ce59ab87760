package io.vineyard.store.server;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.vineyard.store.attach.BackgroundSegments;
import io.vineyard.store.core.StoreCore;
import io.vineyard.store.server.json.VineyardHost;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a server's one thread owns: the tables, and the connections.
 *
 * <p>What is written to connections is collected, and flushed when the thread has served all that
 * was ready: one system call for each connection then.
 */
final class ServerLoop {
  final ServerConfig config;
  final EventLoop loop;
  private final DescriptorSender sender;
  final StoreCore core;
  final VineyardHost vineyard;
  final PartialMessages partial = new PartialMessages();
  final SecureRandom random = seeded();
  private final Map<Long, ServerConnection> connections = new HashMap<>();
  private List<Outbox> dirty = new ArrayList<>();
  private List<Outbox> flushing = new ArrayList<>();
  private final Runnable flush = this::flush;
  private long lastClient;
  private int strangers;

  ServerLoop(ServerConfig config, EventLoop loop, Executor worker, DescriptorSender sender) {
    this.config = config;
    this.loop = loop;
    this.sender = sender;
    this.core =
        new StoreCore(config.limits(), new BackgroundSegments(worker, loop), Clock.systemUTC());
    this.vineyard =
        new VineyardHost(core, config.socket().toString(), loop, worker, config.keepFreed());
  }

  /** Makes numbers that nobody can guess; takes its seed now, and not on a thread that serves. */
  private static SecureRandom seeded() {
    try {
      SecureRandom random = SecureRandom.getInstance("DRBG");
      random.nextLong();
      return random;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("expected a DRBG in the JDK", e);
    }
  }

  long nextClient() {
    return ++lastClient;
  }

  void add(long client, ServerConnection connection) {
    connections.put(client, connection);
  }

  @Nullable ServerConnection find(long client) {
    return connections.get(client);
  }

  void remove(long client) {
    connections.remove(client);
  }

  /** Counts a connection that has not said who it is; says whether there may be one more. */
  boolean addStranger() {
    strangers++;
    return strangers <= ServerConfig.MOST_STRANGERS;
  }

  void removeStranger() {
    strangers--;
  }

  /**
   * Sends a descriptor; returns false if there is no room for it now. What is sent on a closed
   * socket goes to whoever has got its number from the kernel since.
   */
  boolean send(Channel to, int descriptor) throws IOException {
    if (!to.isOpen()) {
      throw new ClosedChannelException();
    }
    return sender.send(to, descriptor);
  }

  void flushLater(Outbox outbox) {
    dirty.add(outbox);
    if (dirty.size() == 1) {
      loop.execute(flush);
    }
  }

  private void flush() {
    List<Outbox> now = dirty;
    dirty = flushing;
    flushing = now;
    now.forEach(Outbox::flush);
    now.clear();
  }
}
