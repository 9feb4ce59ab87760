package io.vineyard.store.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vineyard.store.BlobWriter;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import io.vineyard.store.process.StoreProcess;
import io.vineyard.store.protocol.binary.Handshake;
import io.vineyard.store.protocol.binary.SegmentAnnounced;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;

/**
 * A hundred thousand wrong frames for a server in another process, over many connections, while two
 * clients stream beside them. Each connection has a seed of its own: that of the run and its
 * number.
 */
class FuzzIT {
  private static final long SEED = Long.getLong("fuzz.seed", 20_260_101);
  private static final int FRAMES = Integer.getInteger("fuzz.frames", 100_000);
  private static final int CONNECTIONS_AT_ONCE = 2;
  private static final int FRAMES_PER_CONNECTION = 48;
  private static final long MOST_RESIDENT_BYTES = 500L << 20;

  @TempDir private Path folder;
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger frames = new AtomicInteger();
  private final AtomicInteger dropped = new AtomicInteger();

  @Test
  void wrongFramesHurtNobodyElse() throws IOException {
    Path log = folder.resolve("server.log");
    try (StoreProcess process = StoreProcess.startLogging(64 << 20, 1 << 20, log)) {
      long resident;
      long streamed;
      try (Bystanders bystanders = new Bystanders(process.socket())) {
        bystanders.awaitProgress();
        ObjectStore store = bystanders.store();
        ObjectId blob = seal(store);
        long descriptors = process.child().descriptors();
        fuzz(process.socket(), bystanders.stream().value(), blob.value());
        bystanders.awaitProgress();
        Waits.until("2 clients", () -> Waits.value(store.status()).clients() == 2);
        clean(store, bystanders.stream());
        assertThat(Waits.value(store.status()).leases())
            .as("leases beside the bystanders'")
            .isLessThanOrEqualTo(16);
        Waits.until(
            () -> descriptors + " descriptors, there are " + process.child().descriptors(),
            () -> process.child().descriptors() <= descriptors);
        streamed = bystanders.finish();
        Waits.untilIdle(store);
        resident = process.child().peakResidentBytes();
      }
      process.disposeNow();
      assertThat(Files.readAllLines(log))
          .as("the log with seed %d", SEED)
          .allMatch(line -> line.startsWith("WARN  Dropped "));
      System.out.printf(
          "fuzz: %d wrong frames with seed %d over %d connections, %d of them dropped;"
              + " %d chunks streamed beside them; peak of the server's memory %d MiB%n",
          frames.get(), SEED, connections.get(), dropped.get(), streamed, resident >> 20);
      assertThat(resident).as("peak of resident bytes").isLessThan(MOST_RESIDENT_BYTES);
    }
  }

  private static ObjectId seal(ObjectStore store) {
    try (BlobWriter writer = Waits.value(store.createBlob(100))) {
      return Waits.value(writer.seal());
    }
  }

  private void fuzz(Path socket, long stream, long blob) {
    List<CompletableFuture<Void>> running = new ArrayList<>();
    for (int i = 0; i < CONNECTIONS_AT_ONCE; i++) {
      running.add(
          CompletableFuture.runAsync(
              () -> {
                while (frames.get() < FRAMES) {
                  fuzzOnce(socket, stream, blob);
                }
              }));
    }
    running.forEach(one -> one.orTimeout(2, TimeUnit.MINUTES).join());
  }

  private void fuzzOnce(Path socket, long stream, long blob) {
    int number = connections.getAndIncrement();
    Random random = new Random(SEED * 31 + number);
    try {
      if (random.nextInt(50) == 0) {
        fuzzHandshake(socket, random);
      } else {
        fuzzCommands(socket, random, new FrameMutator(random, stream, blob));
      }
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("connection " + number + " with seed " + SEED, e);
    }
  }

  private void fuzzHandshake(Path socket, Random random) {
    try (RawClient client = RawClient.connect(socket)) {
      switch (random.nextInt(4)) {
        case 0 -> client.say(new Handshake.Hello(random.nextInt(9), random.nextInt(9), -1, "x"));
        case 1 -> client.say(new Handshake.Attach(random.nextInt(99), random.nextLong(), 0));
        case 2 -> client.say(new Handshake.Ready(1));
        default -> client.say(Unpooled.buffer().writeLong(random.nextLong()));
      }
      frames.incrementAndGet();
      if (random.nextBoolean()) {
        client.next();
      }
    }
  }

  private void fuzzCommands(Path socket, Random random, FrameMutator mutator) {
    try (RawClient client = RawClient.attach(socket, "fuzz")) {
      prepare(client, random);
      ByteBuf all = Unpooled.buffer();
      int count = 1 + random.nextInt(FRAMES_PER_CONNECTION);
      for (int i = 0; i < count; i++) {
        ByteBuf frame = i < count - 1 ? mutator.refused() : last(mutator, random);
        all.writeBytes(frame.duplicate());
        if (random.nextInt(20) == 0) {
          all.writeBytes(frame);
        }
      }
      client.say(all);
      frames.addAndGet(count);
      if (random.nextInt(4) > 0) {
        finish(client);
      }
    }
  }

  /** Most clients do not live longer than to the last frame, so that all of them count. */
  private static ByteBuf last(FrameMutator mutator, Random random) {
    int kind = random.nextInt(16);
    return kind == 0 ? mutator.garbage() : kind < 8 ? mutator.damaged() : mutator.nearlyRight();
  }

  /** Some clients have something to do wrong things with. */
  private static void prepare(RawClient client, Random random) {
    if (random.nextInt(3) == 0) {
      client.say(new Command.CreateStream(900, StreamSpec.create().windowChunks(4)));
      long id = client.next(Event.Stream.class).info().id().value();
      client.say(
          new Command.OpenWriter(FrameMutator.WRITER, id),
          new Command.OpenReader(FrameMutator.READER, id));
      client.await(Event.Stream.class);
      client.await(Event.Stream.class);
    }
    if (random.nextInt(6) == 0) {
      client.say(new Command.LeaseSegment(903, 4096, 4096));
      long segment = client.next(SegmentAnnounced.class).id();
      if (random.nextBoolean()) {
        client.say(new Command.SegmentMapped(segment));
      }
    }
  }

  /** The last frame may be taken for the beginning of a longer one: no more comes after it. */
  private void finish(RawClient client) {
    client.endOutput();
    if (client.end() != null) {
      dropped.incrementAndGet();
    }
  }

  /** Objects, streams and names stay when the clients go that made them. */
  private static void clean(ObjectStore store, ObjectId kept) {
    FrameMutator.NAMES.forEach(name -> Waits.value(store.dropName(name)));
    List<ObjectMeta> found = List.of(ObjectMeta.blob(kept, 0));
    while (!found.isEmpty()) {
      found =
          store
              .list("*", 500)
              .filter(meta -> !meta.requireId().equals(kept))
              .collectList()
              .block(Waits.PATIENCE);
      Flux.fromIterable(found)
          .flatMap(meta -> store.delete(meta.requireId()).onErrorComplete(), 64)
          .blockLast(Waits.PATIENCE);
    }
  }
}
