package io.vineyard.store.client.json;

import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.VineyardException;
import io.vineyard.store.protocol.json.Reply;
import io.vineyard.store.protocol.json.Request;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * The open ends of streams of one client, and what they ask the server. Each keeps the connection
 * open until it has said what it has to.
 */
final class StreamEnds {
  private final RequestConnection connection;
  private final ObjectRequests objects;
  private final Sharing.Holders holders;
  private final Connections.ExtraConnections extras;
  private final ChunkStore chunks;
  private final long instance;
  private final Results results;
  private final ProcessMemory memory = new ProcessMemory();
  private final Set<JsonWriter> writers = ConcurrentHashMap.newKeySet();
  private final Set<JsonReader> readers = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<Boolean> left = new CompletableFuture<>();
  private volatile @Nullable VineyardException closed;
  private volatile @Nullable VineyardException lost;

  /** What the ends of streams share with the rest of a client. */
  record Parts(
      RequestConnection connection,
      long instance,
      BlobRequests blobs,
      ObjectRequests objects,
      Results results,
      Sharing.Holders holders,
      Connections.ExtraConnections extras) {}

  StreamEnds(Parts parts) {
    this.connection = parts.connection;
    this.instance = parts.instance;
    this.objects = parts.objects;
    this.results = parts.results;
    this.holders = parts.holders;
    this.extras = parts.extras;
    this.chunks = new ChunkStore(parts.connection, parts.blobs, parts.objects);
  }

  ProcessMemory memory() {
    return memory;
  }

  ChunkStore chunks() {
    return chunks;
  }

  String place() {
    return connection.place();
  }

  RequestConnection openConnection() {
    return extras.open();
  }

  void close(RequestConnection extra) {
    extras.close(extra);
  }

  /** Returns requests about objects on another connection. */
  ObjectRequests objectsOn(RequestConnection extra) {
    return new ObjectRequests(extra, instance, blobsOn(extra), extras);
  }

  BlobRequests blobsOn(RequestConnection extra) {
    return new BlobRequests(extra, results, new Sharing.References(extra, false), holders);
  }

  JsonWriter add(JsonWriter writer) {
    holders.add();
    writers.add(writer);
    // The client may have been closed by another thread, which has not seen the writer.
    leave(writer);
    return writer;
  }

  private void leave(JsonWriter writer) {
    VineyardException end = lost;
    VineyardException leaving = closed;
    if (end != null) {
      writer.lost(end);
    } else if (leaving != null) {
      writer.leave(leaving);
    }
  }

  void gone(JsonWriter writer) {
    if (writers.remove(writer)) {
      holders.remove();
      checkLeft();
    }
  }

  JsonReader add(JsonReader reader) {
    holders.add();
    readers.add(reader);
    VineyardException end = lost == null ? closed : lost;
    if (end != null) {
      reader.end(end);
      reader.close();
    }
    return reader;
  }

  void gone(JsonReader reader) {
    if (readers.remove(reader)) {
      holders.remove();
      checkLeft();
    }
  }

  private void checkLeft() {
    if (closed != null && writers.isEmpty() && readers.isEmpty()) {
      left.complete(true);
    }
  }

  /** Completes when a closed client has said all that its ends have to say. */
  CompletableFuture<Boolean> left() {
    return left;
  }

  /** Tells the server how a stream has ended. */
  CompletableFuture<Boolean> ended(JsonWriter writer, @Nullable VineyardException why) {
    ObjectId id = writer.stream().id();
    return connection
        .ask(new Request.Label(id, StreamMeta.labels(why)), reply -> true)
        .handle((labelled, error) -> true)
        .thenCompose(
            labelled -> connection.ask(new Request.StopStream(id, why != null), reply -> true));
  }

  CompletableFuture<Boolean> exists(ObjectId chunk) {
    return connection.ask(new Request.Exists(chunk), reply -> ((Reply.Truth) reply).value());
  }

  /** Returns a stream's metadata, as the server has it. */
  CompletableFuture<ObjectMeta> meta(StreamInfo stream) {
    return objects.raw(stream.id());
  }

  /** Removes a stream; its object stays until it is deleted. */
  CompletableFuture<Boolean> drop(StreamInfo stream) {
    return connection.ask(new Request.DropStream(stream.id()), reply -> true);
  }

  /** Removes a stream with its object, or just an object. */
  CompletableFuture<Boolean> delete(ObjectId id) {
    return objects.delete(id);
  }

  /** A stream was deleted by this client, whose own ends need not find out. */
  void dropped(ObjectId id) {
    for (JsonWriter writer : writers) {
      if (writer.stream().id().equals(id)) {
        writer.dropped();
      }
    }
  }

  /** Runs a task on a thread that may wait; returns false if there is none. */
  boolean later(Runnable task, Duration delay) {
    return schedule(Schedulers.boundedElastic(), task, delay);
  }

  /** Runs a task on a thread that must not wait; returns false if there is none. */
  boolean soon(Runnable task, Duration delay) {
    return schedule(Schedulers.parallel(), task, delay);
  }

  private static boolean schedule(Scheduler scheduler, Runnable task, Duration delay) {
    try {
      scheduler.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (RejectedExecutionException e) {
      return false; // there are too many tasks, or Reactor was shut down
    }
  }

  /** The client is closed. */
  void leave(VineyardException reason) {
    closed = reason;
    memory.close(reason);
    List.copyOf(writers).forEach(writer -> writer.leave(reason));
    for (JsonReader reader : List.copyOf(readers)) {
      reader.end(reason);
      reader.close();
    }
    checkLeft();
  }

  /** The server is gone. */
  void lost(VineyardException reason) {
    lost = reason;
    memory.close(reason);
    List.copyOf(writers).forEach(writer -> writer.lost(reason));
    List.copyOf(readers).forEach(reader -> reader.end(reason));
  }
}
