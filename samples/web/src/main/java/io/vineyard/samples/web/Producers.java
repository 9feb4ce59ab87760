package io.vineyard.samples.web;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.server.BoundServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** Starts producers, one after the other. */
@Component
final class Producers implements DisposableBean {
  private final ObjectStore store;
  private final Path socket;
  private final Path flights;
  private volatile RunningProducer producer;

  Producers(ObjectStore store, BoundServer server, @Value("${flights}") Path flights) {
    this.store = store;
    this.socket = server.socket();
    this.flights = flights;
    this.producer = another();
  }

  Path socket() {
    return socket;
  }

  ProducerState state() {
    return producer.state();
  }

  /**
   * Returns the one that lives.
   *
   * @throws NoProducerException if none does
   */
  RunningProducer living() {
    RunningProducer current = producer;
    ProducerState state = current.state();
    if (!state.alive()) {
      throw new NoProducerException(state);
    }
    return current;
  }

  /** Starts another one if none lives, and answers whether it did. */
  synchronized boolean start() {
    if (producer.state().alive()) {
      return false;
    }
    producer = another();
    return true;
  }

  void kill() {
    producer.kill();
  }

  private RunningProducer another() {
    try {
      return new RunningProducer(store, socket, flights);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void destroy() {
    kill();
  }
}
