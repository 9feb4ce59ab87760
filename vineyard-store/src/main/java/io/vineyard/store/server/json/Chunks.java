package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.vineyard.BatchTree;
import io.vineyard.store.arrow.vineyard.BlobSource;
import io.vineyard.store.arrow.vineyard.IpcStreamBytes;
import io.vineyard.store.arrow.vineyard.ObjectChunkHeader;
import io.vineyard.store.core.Hosting;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.ring.Descriptor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;

/**
 * Chunks between the dialects: what a client of Vineyard's publishes as readers of ours expect it,
 * and the other way round. No byte of a column is copied.
 */
final class Chunks {
  private static final int BYTES_HEADER = 16;

  private final Hosting hosting;
  private final HostedMemory memory;
  private final SegmentMaps maps;
  private final Rendering.Tools tools;
  private final StoredViews stored;

  Chunks(VineyardHost host, HostedMemory memory, Executor worker, Executor loop) {
    this.hosting = host.hosting();
    this.memory = memory;
    this.maps = new SegmentMaps(hosting);
    this.tools = new Rendering.Tools(hosting, memory, worker, loop, new Rendering.Work());
    this.stored = new StoredViews(tools, maps);
  }

  /** Returns what shows stored objects. */
  StoredViews stored() {
    return stored;
  }

  // To readers of our dialect.

  /** The blobs of a chunk, and where they lie in it: its offsets count through its segments. */
  private final class Layout {
    final Map<ObjectId, Hosting.Place> places = new LinkedHashMap<>();
    final Map<Long, Long> bases = new LinkedHashMap<>();
    private long next;
    long sizeBytes;

    void add(ObjectMeta meta) {
      ObjectId id = meta.requireId();
      if (id.isBlob()) {
        addBlob(id);
      } else {
        meta.members().values().forEach(this::add);
      }
    }

    private void addBlob(ObjectId id) {
      if (id.equals(ObjectId.EMPTY_BLOB) || places.containsKey(id)) {
        return;
      }
      Hosting.Place place = hosting.find(id);
      if (place == null) {
        throw missing(id);
      }
      places.put(id, place);
      sizeBytes += place.sizeBytes();
      if (!bases.containsKey(place.segment())) {
        bases.put(place.segment(), next);
        next += place.memory().capacityBytes();
      }
    }

    long offsetOf(Hosting.Place place) {
      return bases.getOrDefault(place.segment(), 0L) + place.offset();
    }

    long[] segments(int more) {
      long[] ids = new long[bases.size() + more];
      int at = 0;
      for (long segment : bases.keySet()) {
        ids[at++] = segment;
      }
      return ids;
    }
  }

  private static VineyardException missing(ObjectId id) {
    return VineyardException.of(
        ErrorCode.OBJECT_NOT_EXISTS, "expected a chunk, there is no object " + id);
  }

  /** Publishes an object or blob, which is deleted when it has been read. */
  void publish(ObjectId id, HostedWriter writer, HostedStream stream) {
    ObjectMeta meta = hosting.meta(id);
    if (meta == null) {
      throw missing(id);
    }
    Layout layout = new Layout();
    layout.add(meta);
    ByteBuffer header = header(stream.id, meta, layout);
    if (layout.bases.size() >= writer.layout().mostSegments()) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a chunk in less than %d segments, got one in %d"
              .formatted(writer.layout().mostSegments(), layout.bases.size()));
    }
    layout.places.keySet().forEach(hosting::retain);
    Outgoing chunk =
        new Outgoing(
            id,
            () -> {
              List<ObjectId> unused = hosting.delete(List.of(id), false, true);
              layout.places.keySet().forEach(hosting::release);
            });
    if (writer.layout().fits(layout.bases.size(), header.remaining())) {
      chunk.form(Descriptor.of(layout.sizeBytes, layout.segments(0), header), () -> {});
    } else {
      describe(chunk, layout, header, writer);
    }
    writer.publish(chunk);
  }

  /** A header that does not fit the ring lies in memory of its own. */
  private void describe(Outgoing chunk, Layout layout, ByteBuffer header, HostedWriter writer) {
    Runnable unused =
        memory.allocate(
            header.remaining(),
            range -> {
              Mapping.view(range.address(), header.remaining()).put(header.duplicate());
              hosting.retainSegment(range.segment());
              long[] segments = layout.segments(1);
              segments[segments.length - 1] = range.segment();
              chunk.form(
                  Descriptor.overflowing(
                      layout.sizeBytes, segments, range.offset(), header.remaining()),
                  () -> {
                    hosting.releaseSegment(range.segment());
                    memory.free(range);
                  });
              writer.flush();
            },
            writer::broken);
  }

  private ByteBuffer header(ObjectId stream, ObjectMeta meta, Layout layout) {
    if (meta.requireId().isBlob() && typeOf(stream).equals(StreamSpec.BYTES)) {
      ByteBuffer header = ByteBuffer.allocate(BYTES_HEADER).order(ByteOrder.LITTLE_ENDIAN);
      for (Hosting.Place place : layout.places.values()) {
        header.putLong(0, layout.offsetOf(place)).putLong(Long.BYTES, place.sizeBytes());
      }
      return header;
    }
    List<ObjectChunkHeader.BlobPart> parts = new ArrayList<>();
    for (Hosting.Place place : layout.places.values()) {
      parts.add(
          new ObjectChunkHeader.BlobPart(place.blob(), layout.offsetOf(place), place.sizeBytes()));
    }
    return Descriptor.copyOfHeader(ObjectChunkHeader.encode(meta, parts));
  }

  private String typeOf(ObjectId stream) {
    StreamInfo info = hosting.stream(stream);
    return info == null ? "" : info.spec().typeName();
  }

  // To clients of Vineyard's dialect.

  /** Takes what a client can get, now or later. */
  interface Taker {
    /** Here it is. */
    void rendered(Rendered result);

    /** It can't be made. */
    void failed(VineyardException reason);
  }

  /** Makes a chunk an object or blob that a client can get. */
  void render(HostedStream stream, HostedReader.Taken taken, HostedReader from, Taker taker) {
    try {
      ByteBuffer header = header(taken.chunk());
      String type = typeOf(stream.id);
      if (type.equals(StreamSpec.BYTES)) {
        taker.rendered(renderBytes(taken, header, from));
        return;
      }
      ChunkBacking backing = new ChunkBacking(hosting, maps, from, taken);
      if (type.equals(StreamSpec.DATAFRAMES)) {
        IpcStreamBytes whole =
            stream.reading().views().stream(header, from.preamble(), backing.bytes());
        BlobSource made = new BlobSource.Made(whole.sizeBytes(), whole::writeTo);
        Rendering.start(tools, backing, List.of(made), ids -> ids.get(0), outcome(backing, taker));
      } else {
        BatchTree tree = stream.reading().views().tree(header, from.preamble(), backing.bytes());
        Rendering.start(
            tools,
            backing,
            tree.blobs(),
            ids -> hosting.create(tree.meta(ids)).requireId(),
            outcome(backing, taker));
      }
    } catch (VineyardException e) {
      taker.failed(e);
    }
  }

  private static Rendering.Outcome outcome(ChunkBacking backing, Taker taker) {
    return new Rendering.Outcome() {
      @Override
      public void rendered(ObjectId id) {
        taker.rendered(backing.rendered(id));
      }

      @Override
      public void failed(VineyardException reason) {
        taker.failed(reason);
      }
    };
  }

  private ByteBuffer header(Descriptor chunk) {
    ByteBuffer header = chunk.header();
    if (header != null) {
      return header.order(ByteOrder.LITTLE_ENDIAN);
    }
    long[] segments = chunk.segments();
    long last = segments[segments.length - 1];
    if (!hosting.knowsSegment(last)) {
      throw VineyardException.of(
          ErrorCode.ARROW_ERROR, "expected a segment of the stream, got segment " + last);
    }
    int size = chunk.overflowBytes();
    long address = maps.get(last).address(chunk.overflowOffset(), size);
    ByteBuffer copy = ByteBuffer.allocate(size).put(Mapping.view(address, size)).flip();
    return copy.order(ByteOrder.LITTLE_ENDIAN);
  }

  private Rendered renderBytes(HostedReader.Taken taken, ByteBuffer header, HostedReader from) {
    if (header.remaining() < BYTES_HEADER) {
      throw VineyardException.of(
          ErrorCode.ARROW_ERROR,
          "expected a header of " + BYTES_HEADER + " bytes, got " + header.remaining());
    }
    long size = header.getLong(header.position() + Long.BYTES);
    if (size == 0) {
      return new Rendered(
          ObjectId.EMPTY_BLOB, () -> from.release(taken), () -> from.putBack(taken));
    }
    ChunkBacking backing = new ChunkBacking(hosting, maps, from, taken);
    return backing.rendered(backing.add(header.getLong(header.position()), size));
  }

  /** A segment is closed. */
  void closed(long segment) {
    maps.closed(segment);
  }

  void close() {
    tools
        .work()
        .close(
            () -> {
              maps.close();
              memory.close();
            });
  }
}
