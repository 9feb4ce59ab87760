package io.vineyard.store.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ChunkReader;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import io.vineyard.store.process.StoreProcess;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Clients that are gone before the server has read all that they said, and can't be answered. */
class GoneClientIT {
  private static final String NAME = "name";

  @Test
  void allIsReadThatAClientSaidBeforeItWent() throws Exception {
    try (StoreProcess process = StoreProcess.start(16 << 20, 1 << 20);
        ObjectStore store = process.connectNow()) {
      ObjectId id = Waits.value(store.createStream(StreamSpec.create())).id();
      try (ChunkReader reader = Waits.value(store.openReader(id, () -> {}))) {
        reader.request(1);
        try (RawClient client = RawClient.attach(process.socket(), "gone");
            RawClient other = RawClient.attach(process.socket(), "other")) {
          client.say(new Command.OpenWriter(1, id.value()));
          client.await(Event.Stream.class);
          client.say(new Command.GetName(2, NAME, true));
          client.say(new Command.GetStatus(3));
          client.await(Event.Status.class);
          stopped(
              process,
              () -> {
                // what it makes the server say to the first client can't be written any more
                other.say(new Command.PutName(1, id.value(), NAME));
                client.say(new Command.EndStream(1, 0, ""));
                client.leave();
              });
          other.await(Event.Done.class);
        }
        Waits.until("the end of the stream", reader::isEnded);
        assertThat(reader.failure()).isNull();
      }
      Waits.untilIdle(store);
    }
  }

  /** The kernel gives the number of a closed connection to the next one. */
  @Test
  void descriptorForAClosedConnectionGoesToNobodyElse() {
    try (StoreProcess process = StoreProcess.start(16 << 20, 1 << 20);
        ObjectStore store = process.connectNow()) {
      try (RawClient client = RawClient.attach(process.socket(), "half gone")) {
        long attached = process.child().descriptors();
        client.leaveSecond();
        Waits.until(
            () ->
                "less than "
                    + attached
                    + " descriptors, there are "
                    + process.child().descriptors(),
            () -> process.child().descriptors() < attached);
        try (RawClient next = RawClient.attach(process.socket(), "next")) {
          client.say(new Command.LeaseSegment(1, 4096, 4096));
          assertThat(client.next()).isNotNull();
          next.say(new Command.GetStatus(2));
          assertThat(next.next()).isInstanceOf(Event.Status.class);
        }
      }
      Waits.untilIdle(store);
    }
  }

  private static void stopped(StoreProcess process, Runnable meanwhile)
      throws IOException, InterruptedException {
    signal(process, "-STOP");
    try {
      meanwhile.run();
    } finally {
      signal(process, "-CONT");
    }
  }

  private static void signal(StoreProcess process, String signal)
      throws IOException, InterruptedException {
    String pid = Long.toString(process.child().pid());
    assertThat(new ProcessBuilder("kill", signal, pid).inheritIO().start().waitFor()).isZero();
  }
}
