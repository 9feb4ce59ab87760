package io.vineyard.store.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.Waits;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Texts;
import io.vineyard.store.process.StoreProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
 * Fifty thousand wrong messages in Vineyard's dialect for a server in another process, over many
 * connections, while clients of both dialects stream beside them. Each connection has a seed of its
 * own: that of the run and its number.
 */
class JsonFuzzIT {
  private static final long SEED = Long.getLong("fuzz.seed", 20_260_101);
  private static final int MESSAGES = Integer.getInteger("fuzz.messages", 50_000);
  private static final int CONNECTIONS_AT_ONCE = 2;
  private static final int MESSAGES_PER_CONNECTION = 64;
  private static final int CONNECTIONS_PER_CLEANING = 50;
  private static final long MOST_RESIDENT_BYTES = 600L << 20;
  private static final String BATCHES = "vineyard::RecordBatchStream";

  @TempDir private Path folder;
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger messages = new AtomicInteger();
  private final AtomicInteger answers = new AtomicInteger();
  private final AtomicInteger descriptorsSaid = new AtomicInteger();

  @Test
  void wrongMessagesHurtNobodyElse() throws IOException {
    Path log = folder.resolve("server.log");
    try (StoreProcess process = StoreProcess.startLogging(64 << 20, 1 << 20, log)) {
      long resident;
      long streamed;
      try (Bystanders bystanders = new Bystanders(process.socket());
          JsonBystander json = new JsonBystander(process.socket())) {
        bystanders.awaitProgress();
        json.awaitProgress();
        ObjectStore store = bystanders.store();
        ObjectId object =
            Waits.value(store.createObject(ObjectMeta.builder("known").build())).requireId();
        long descriptors = process.child().descriptors();
        List<Long> known = List.of(bystanders.stream().value(), json.stream(), object.value());
        fuzz(process.socket(), known, store, bystanders.stream());
        bystanders.awaitProgress();
        json.awaitProgress();
        Waits.until("4 clients", () -> Waits.value(store.status()).clients() == 4);
        assertThat(Waits.value(store.getMeta(object)).typeName()).isEqualTo("known");
        streamed = bystanders.finish() + json.finish();
        json.leave();
        deleteAll(store, "*", null);
        Waits.untilIdle(store);
        Waits.until(
            () -> descriptors + " descriptors, there are " + process.child().descriptors(),
            () -> process.child().descriptors() <= descriptors);
        resident = process.child().peakResidentBytes();
      }
      process.disposeNow();
      assertThat(Files.readAllLines(log))
          .as("the log with seed %d", SEED)
          .allMatch(line -> line.startsWith("WARN  Dropped "));
      System.out.printf(
          "fuzz: %d wrong messages with seed %d over %d connections, %d answers, %d descriptors"
              + " that nobody asked for; %d chunks streamed beside them; peak of the server's"
              + " memory %d MiB%n",
          messages.get(),
          SEED,
          connections.get(),
          answers.get(),
          descriptorsSaid.get(),
          streamed,
          resident >> 20);
      assertThat(resident).as("peak of resident bytes").isLessThan(MOST_RESIDENT_BYTES);
    }
  }

  private void fuzz(Path socket, List<Long> known, ObjectStore store, ObjectId kept) {
    List<CompletableFuture<Void>> running = new ArrayList<>();
    try (Segment file = Segment.create("fuzz", 4096)) {
      Runnable one =
          () -> {
            while (messages.get() < MESSAGES) {
              fuzzOnce(socket, known, file.descriptor());
              if (connections.get() % CONNECTIONS_PER_CLEANING == 0) {
                clean(store, kept);
              }
            }
          };
      for (int i = 0; i < CONNECTIONS_AT_ONCE; i++) {
        running.add(CompletableFuture.runAsync(one));
      }
      running.forEach(all -> all.orTimeout(2, TimeUnit.MINUTES).join());
    }
    clean(store, kept);
  }

  private void fuzzOnce(Path socket, List<Long> known, int descriptor) {
    int number = connections.getAndIncrement();
    Random random = new Random(SEED * 31 + number);
    JsonMutator mutator = new JsonMutator(random, known);
    boolean isStranger = random.nextInt(20) == 0;
    try (RawJsonClient client =
        isStranger ? RawJsonClient.connect(socket) : RawJsonClient.register(socket)) {
      List<ByteBuf> frames = new ArrayList<>();
      int count = random.nextInt(MESSAGES_PER_CONNECTION);
      for (int i = 0; i < count; i++) {
        frames.add(mutator.whole());
      }
      say(client, frames, random.nextInt(4) == 0 ? descriptor : -1);
      for (ByteBuf frame : frames) {
        if (isAnswered(client, frame)) {
          answers.incrementAndGet();
        } else {
          assertThat(isStranger).as("a stranger").isTrue();
        }
      }
      client.say(mutator.last());
      messages.addAndGet(count + 1);
      if (random.nextInt(4) == 0) {
        client.endOutput();
        client.rest();
      }
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("connection " + number + " with seed " + SEED, e);
    }
  }

  private static boolean isAnswered(RawJsonClient client, ByteBuf frame) {
    try {
      return client.next() != null;
    } catch (AssertionError e) {
      frame.readerIndex(Long.BYTES);
      String text = frame.toString(StandardCharsets.UTF_8);
      throw new AssertionError("no answer to " + Texts.cut(text), e);
    }
  }

  /** A descriptor goes with a byte, and may be in the middle of any message. */
  private void say(RawJsonClient client, List<ByteBuf> frames, int descriptor) {
    ByteBuf all = Unpooled.buffer();
    for (ByteBuf frame : frames) {
      ByteBuf copy = frame.duplicate();
      if (descriptor >= 0 && copy.readableBytes() > Long.BYTES) {
        int before = (Long.BYTES + copy.readableBytes()) / 2;
        client.say(all.writeBytes(copy.readSlice(before)));
        all.clear();
        client.sayDescriptor(descriptor);
        descriptorsSaid.incrementAndGet();
        copy.skipBytes(1);
      }
      all.writeBytes(copy);
    }
    client.say(all);
  }

  /** Objects, streams and names stay when the clients go that made them. */
  private static void clean(ObjectStore store, ObjectId kept) {
    JsonMutator.NAMES.stream()
        .filter(name -> !name.isEmpty())
        .forEach(name -> Waits.value(store.dropName(name)));
    deleteAll(store, JsonMutator.TYPE + "*", kept);
    deleteAll(store, BATCHES, kept);
  }

  private static void deleteAll(ObjectStore store, String types, ObjectId kept) {
    List<ObjectMeta> found;
    do {
      found =
          store
              .list(types, 500)
              .filter(meta -> !meta.requireId().equals(kept))
              .collectList()
              .block(Waits.PATIENCE);
      Flux.fromIterable(found)
          .flatMap(meta -> store.delete(meta.requireId()).onErrorComplete(), 64)
          .blockLast(Waits.PATIENCE);
    } while (!found.isEmpty());
  }
}
