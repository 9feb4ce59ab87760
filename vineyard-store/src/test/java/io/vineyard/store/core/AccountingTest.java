package io.vineyard.store.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;

/**
 * Random commands of several clients, of which any may be lost at any step, beside a count of all
 * that they have: the tables never say anything else, and nothing is left at the end.
 */
class AccountingTest {
  private static final int CLIENTS = 4;
  private static final int STEPS = 400;
  private static final int WINDOW_CHUNKS = 16;

  /** One client, and what it has as it knows from the events. */
  private static final class Actor {
    final CoreClient client;
    final Map<Long, Long> segments = new HashMap<>();
    final List<Long> blobLeases = new ArrayList<>();
    final Map<Long, ObjectId> writers = new HashMap<>();
    final Map<Long, List<Long>> readers = new HashMap<>();
    int seen;

    Actor(CoreClient client) {
      this.client = client;
    }

    /** Takes what has come since. */
    void listen() {
      for (; seen < client.events.size(); seen++) {
        Event event = client.events.get(seen);
        if (event instanceof Event.Returned returned) {
          if (readers.containsKey(returned.handle())) {
            client.findReturned(returned.handle());
          }
        } else if (event instanceof Event.Objects objects) {
          objects.blobs().forEach(blob -> blobLeases.add(blob.blob()));
        } else if (event instanceof Event.SegmentLeased leased) {
          segments.put(leased.id(), leased.segment().capacityBytes());
        } else if (event instanceof Event.WriterStopped stopped) {
          client.tell(new Command.EndStream(stopped.handle(), 0, ""));
          writers.remove(stopped.handle());
        }
      }
    }

    long chunkLeases() {
      return readers.values().stream().mapToLong(List::size).sum();
    }
  }

  private final CoreStore store = CoreStore.ofDefaults();
  private final List<Actor> actors = new ArrayList<>();
  private final List<Long> objects = new ArrayList<>();
  private final List<ObjectId> streams = new ArrayList<>();
  private Random random;

  @Test
  void whatClientsHaveIsWhatTheTablesCount() {
    int segments = Segment.openCount();
    for (int seed = 0; seed < 60; seed++) {
      run(seed);
      assertThat(Segment.openCount()).as("open segments after seed %s", seed).isEqualTo(segments);
    }
  }

  private void run(int seed) {
    random = new Random(seed);
    while (actors.size() < CLIENTS) {
      attach();
    }
    for (int step = 0; step < STEPS; step++) {
      store.slow = random.nextInt(4) == 0;
      store.refusal = random.nextInt(20) == 0 ? ErrorCode.NOT_ENOUGH_MEMORY : null;
      step(actors.get(random.nextInt(actors.size())));
      if (random.nextInt(3) == 0) {
        store.makeOne();
      }
      actors.forEach(Actor::listen);
      check("seed " + seed + " step " + step);
    }
    end(seed);
  }

  private void attach() {
    actors.add(new Actor(store.attach("client " + actors.size())));
  }

  private void step(Actor actor) {
    switch (random.nextInt(16)) {
      case 0, 1 ->
          actor.client.tell(
              new Command.LeaseSegment(
                  actor.client.nextNumber(), 1 + random.nextInt(100_000), 4096));
      case 2 -> returnSegment(actor);
      case 3, 4 -> sealBlob(actor);
      case 5 -> createObject(actor);
      case 6 -> lease(actor);
      case 7 -> releaseBlob(actor);
      case 8 -> delete(actor);
      case 9 -> createStream(actor);
      case 10 -> open(actor, Command.OpenWriter::new, true);
      case 11 -> open(actor, Command.OpenReader::new, false);
      case 12, 13 -> publish(actor);
      case 14 -> useReader(actor);
      default -> leave(actor);
    }
  }

  private <T> T any(Iterable<T> all) {
    List<T> list = new ArrayList<>();
    all.forEach(list::add);
    return list.isEmpty() ? null : list.get(random.nextInt(list.size()));
  }

  private void returnSegment(Actor actor) {
    Long id = any(actor.segments.keySet());
    if (id != null) {
      actor.client.tell(new Command.ReturnSegment(id));
      actor.segments.remove(id);
    }
  }

  private void sealBlob(Actor actor) {
    Long id = any(actor.segments.keySet());
    if (id != null) {
      actor.client.tell(new Command.SegmentMapped(id));
      Event answer = actor.client.ask(number -> new Command.SealBlob(number, id, 64, 64));
      objects.add(((Event.Done) answer).value());
    }
  }

  private void createObject(Actor actor) {
    ObjectMeta.Builder meta = ObjectMeta.builder("test::Node");
    for (int i = 0; i < 3; i++) {
      Long member = any(objects);
      if (member != null) {
        meta.member("m" + i, ObjectMeta.reference(new ObjectId(member)));
      }
    }
    ObjectMeta built = meta.build();
    if (actor.client.ask(n -> new Command.CreateObject(n, built)) instanceof Event.Objects made) {
      objects.add(made.metas().get(0).requireId().value());
    }
  }

  private void lease(Actor actor) {
    Long id = any(objects);
    if (id != null) {
      actor.client.tell(new Command.GetObject(actor.client.nextNumber(), id, true));
    }
  }

  private void releaseBlob(Actor actor) {
    Long blob = any(actor.blobLeases);
    if (blob != null) {
      actor.client.tell(new Command.ReleaseBlobs(new long[] {blob}));
      actor.blobLeases.remove(blob);
    }
  }

  private void delete(Actor actor) {
    boolean stream = random.nextInt(4) == 0;
    Long id = stream ? value(any(streams)) : any(objects);
    if (id != null) {
      actor.client.tell(new Command.DeleteObject(actor.client.nextNumber(), id));
    }
  }

  private static Long value(ObjectId id) {
    return id == null ? null : id.value();
  }

  private void createStream(Actor actor) {
    StreamSpec spec = StreamSpec.create().windowChunks(WINDOW_CHUNKS);
    Event answer = actor.client.ask(number -> new Command.CreateStream(number, spec));
    // The ring may not be there yet, or never: then nobody uses the stream.
    if (answer instanceof Event.Stream made) {
      streams.add(made.info().id());
    }
  }

  private interface Opening {
    Command open(long handle, long id);
  }

  private void open(Actor actor, Opening opening, boolean writes) {
    ObjectId id = any(streams);
    if (id == null) {
      return;
    }
    long[] handle = new long[1];
    LongFunction<Command> command =
        number -> {
          handle[0] = number;
          actor.readers.put(number, new ArrayList<>());
          return opening.open(number, id.value());
        };
    Event answer = actor.client.ask(command);
    if (writes || answer instanceof Event.Failed) {
      actor.readers.remove(handle[0]);
    }
    if (writes && answer instanceof Event.Stream) {
      actor.writers.put(handle[0], id);
    }
  }

  private void publish(Actor actor) {
    Long writer = any(actor.writers.keySet());
    Long segment = any(actor.segments.keySet());
    if (writer == null) {
      return;
    }
    if (random.nextInt(8) == 0) {
      actor.client.tell(new Command.EndStream(writer, random.nextInt(2), "over"));
      actor.writers.remove(writer);
    } else if (segment != null) {
      actor.client.tell(new Command.SegmentMapped(segment));
      if (actor.client.reclaim(writer) < WINDOW_CHUNKS) {
        actor.client.publish(writer, segment, 10);
      }
    }
  }

  private void useReader(Actor actor) {
    Long reader = any(actor.readers.keySet());
    if (reader == null) {
      return;
    }
    List<Long> leases = actor.readers.get(reader);
    switch (random.nextInt(3)) {
      case 0 -> {
        long position = actor.client.take(reader);
        if (position >= 0) {
          leases.add(position);
        }
      }
      case 1 -> {
        Long position = any(leases);
        if (position != null) {
          leases.remove(position);
          actor.client.release(reader, position);
        }
      }
      default -> {
        actor.client.tell(new Command.CloseReader(reader, leases.isEmpty()));
        if (!leases.isEmpty()) {
          leases.forEach(position -> actor.client.release(reader, position));
          actor.client.tell(new Command.ReaderSettled(reader));
        }
        actor.readers.remove(reader);
      }
    }
  }

  private void leave(Actor actor) {
    if (random.nextInt(4) == 0) {
      actors.remove(actor);
      actor.client.leave();
      attach();
    }
  }

  private void check(String when) {
    for (Actor actor : actors) {
      assertThat(actor.client.lost).as("%s at %s", actor.client.client, when).isNull();
    }
    StoreStatus status = store.core.status();
    long leases = actors.stream().mapToLong(a -> a.chunkLeases() + a.blobLeases.size()).sum();
    assertThat(status.leases()).as("leases at %s", when).isEqualTo(leases);
    Set<Long> written = new HashSet<>();
    long bytes = 0;
    for (Actor actor : actors) {
      written.addAll(actor.segments.keySet());
      bytes += actor.segments.values().stream().mapToLong(Long::longValue).sum();
    }
    assertThat(status.segments()).as("segments at %s", when).isGreaterThanOrEqualTo(written.size());
    assertThat(status.usedBytes()).as("bytes at %s", when).isGreaterThanOrEqualTo(bytes);
    assertThat(status.usedBytes()).isLessThanOrEqualTo(CoreStore.CAPACITY_BYTES);
    assertThat(status.clients()).isEqualTo(CLIENTS);
  }

  /** Everything that no client has is deleted; what is left then is what they have. */
  private void end(int seed) {
    CoreClient last = store.attach("last");
    actors.forEach(actor -> actor.client.leave());
    actors.clear();
    while (store.makeOne()) {
      // Nobody waits for it any more.
    }
    assertThat(store.core.status().leases()).as("leases after seed %s", seed).isZero();
    for (int round = 0; round < objects.size() && store.core.status().objects() > 0; round++) {
      objects.forEach(id -> last.tell(new Command.DeleteObject(last.nextNumber(), id)));
    }
    // Those are here too that were made after their clients had left.
    Event all = last.ask(number -> new Command.ListObjects(number, "*", Integer.MAX_VALUE));
    ((Event.Objects) all)
        .metas()
        .forEach(
            meta ->
                last.tell(new Command.DeleteObject(last.nextNumber(), meta.requireId().value())));
    objects.clear();
    streams.clear();
    StoreStatus status = store.core.status();
    assertThat(status)
        .as("the store after seed %s", seed)
        .isEqualTo(
            new StoreStatus(CoreStore.CAPACITY_BYTES, 0, status.peakBytes(), 0, 1, 0, 0, 0, 0));
    last.leave();
  }
}
