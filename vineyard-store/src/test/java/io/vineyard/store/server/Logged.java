package io.vineyard.store.server;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.LoggerFactory;

/** What servers of this JVM log, instead of it going anywhere else. */
final class Logged extends AppenderBase<ILoggingEvent> implements AutoCloseable {
  private final Logger logger =
      (Logger) LoggerFactory.getLogger(ServerConnection.class.getPackageName());
  private final List<String> lines = new ArrayList<>();

  Logged() {
    logger.setAdditive(false);
    logger.addAppender(this);
    start();
  }

  @Override
  protected void append(ILoggingEvent event) {
    synchronized (lines) {
      lines.add(event.getLevel() + " " + event.getFormattedMessage());
    }
  }

  /** Returns the lines so far, each with its level. */
  List<String> lines() {
    synchronized (lines) {
      return new ArrayList<>(lines);
    }
  }

  @Override
  public void close() {
    logger.detachAppender(this);
    logger.setAdditive(true);
  }
}
