package io.vineyard.test;

import io.vineyard.store.BlobWriter;
import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkReader;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.StoredObject;
import io.vineyard.store.arrow.ArrowFile;
import io.vineyard.store.arrow.ArrowFileWriter;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.server.BoundServer;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.FieldVector;
import org.jspecify.annotations.Nullable;

/**
 * What kind of thing was taken, and what a message calls it.
 *
 * @param verb how it was come by
 * @param describe what it is
 * @param addresses where its bytes begin, if it is memory or lies in memory that was taken as well
 * @param sizeBytes how many bytes there are, if it is memory
 */
record Holding(Kind kind, String verb, String describe, long[] addresses, long sizeBytes) {
  private static final long[] NONE = {};

  enum Kind {
    BATCH,
    LEASE,
    /** A reader, a writer, a client, a server, a file. */
    END,
    /** Bytes that vectors lie in. */
    MEMORY
  }

  static Holding of(Object thing, @Nullable Object origin) {
    if (thing instanceof RecordBatch batch) {
      boolean isReceived = origin != null && !(origin instanceof RecordBatch);
      String rows = batch.rowCount() == 1 ? " row" : " rows";
      String text = "a RecordBatch of " + batch.rowCount() + rows;
      return isReceived
          ? new Holding(Kind.BATCH, "taken", text, NONE, 0)
          : new Holding(Kind.BATCH, "made", text, addresses(batch.vectors()), 0);
    } else if (thing instanceof Chunk chunk) {
      String of = origin instanceof ChunkReader reader ? " of " + reader.stream().describe() : "";
      return lease("chunk " + chunk.position() + of);
    } else if (thing instanceof StoredObject object) {
      return lease("a StoredObject " + object.meta());
    } else if (thing instanceof BlobWriter writer) {
      return end("a BlobWriter of " + writer.sizeBytes() + " bytes, neither sealed nor aborted");
    } else if (thing instanceof SharedMemory.Allocation memory) {
      return memory("shared memory", memory.address(), memory.sizeBytes());
    } else if (thing instanceof ChunkReader reader) {
      return end("a reader of " + reader.stream().describe() + ", neither ended nor cancelled");
    } else if (thing instanceof ChunkWriter writer) {
      return end("a writer of " + writer.stream().describe() + ", neither ended nor closed");
    } else if (thing instanceof ObjectStore store) {
      return end("an ObjectStore, " + store + ", not closed");
    } else if (thing instanceof BoundServer server) {
      return end("a BoundServer at " + server.socket() + ", not disposed");
    } else if (thing instanceof ArrowFile || thing instanceof ArrowFileWriter) {
      return end("an " + thing.getClass().getSimpleName() + ", not closed");
    }
    return lease("a " + thing.getClass().getSimpleName());
  }

  static Holding memory(String what, long address, long sizeBytes) {
    String text = sizeBytes + (sizeBytes == 1 ? " byte of " : " bytes of ") + what;
    return new Holding(Kind.MEMORY, "taken", text, new long[] {address}, sizeBytes);
  }

  private static Holding lease(String text) {
    return new Holding(Kind.LEASE, "taken", text, NONE, 0);
  }

  private static Holding end(String text) {
    return new Holding(Kind.END, "opened", text, NONE, 0);
  }

  private static long[] addresses(List<FieldVector> vectors) {
    return vectors.stream()
        .flatMap(vector -> Arrays.stream(vector.getBuffers(false)))
        .mapToLong(ArrowBuf::memoryAddress)
        .toArray();
  }

  /** Returns whether others come out of it, which then are named instead. */
  boolean isSource() {
    return kind != Kind.MEMORY;
  }

  /** Returns whether a batch lies in this memory, at least in part. */
  boolean holds(Holding batch) {
    long first = addresses[0];
    return Arrays.stream(batch.addresses).anyMatch(at -> at >= first && at - first < sizeBytes);
  }
}
