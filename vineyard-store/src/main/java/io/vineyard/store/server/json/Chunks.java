package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.vineyard.BatchTree;
import io.vineyard.store.arrow.vineyard.BlobSource;
import io.vineyard.store.arrow.vineyard.BytesAccess;
import io.vineyard.store.arrow.vineyard.IpcStreamBytes;
import io.vineyard.store.arrow.vineyard.ObjectChunkHeader;
import io.vineyard.store.core.Hosting;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Event;
import io.vineyard.store.ring.Descriptor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Chunks between the dialects: what a client of Vineyard's publishes as readers of ours expect it,
 * and the other way round. No byte of a column is copied.
 */
final class Chunks {
  private static final long FIRST_BYTES = 1 << 20;
  private static final int BYTES_HEADER = 16;

  private static final long MOST_WRITTEN_HERE = 64 << 10;

  private final Hosting hosting;
  private final HostedMemory memory;
  private final Executor worker;
  private final Executor loop;
  private final Map<Long, Mapping> mapped = new HashMap<>();

  Chunks(VineyardHost host, Executor worker, Executor loop) {
    this.worker = worker;
    this.loop = loop;
    this.hosting = host.hosting();
    long most = hosting.limits().segmentBytes();
    this.memory = new HostedMemory(hosting, host::nextNumber, Math.min(FIRST_BYTES, most), most);
  }

  /** Returns the memory for what the server itself writes. */
  HostedMemory memory() {
    return memory;
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

  /** Makes a chunk an object or blob that a client can get. */
  void render(
      HostedStream stream,
      HostedReader.Taken taken,
      HostedReader from,
      Consumer<Rendered> rendered,
      Consumer<VineyardException> failed) {
    try {
      ByteBuffer header = header(taken.chunk());
      String type = typeOf(stream.id);
      if (type.equals(StreamSpec.BYTES)) {
        rendered.accept(renderBytes(taken, header, from));
        return;
      }
      Rendering rendering = new Rendering(new ViewedChunk(from, taken), rendered, failed);
      if (type.equals(StreamSpec.DATAFRAMES)) {
        IpcStreamBytes whole = stream.views().stream(header, from.preamble(), rendering.bytes());
        rendering.start(
            List.of(new BlobSource.Made(whole.sizeBytes(), whole::writeTo)), ids -> ids.get(0));
      } else {
        BatchTree tree = stream.views().tree(header, from.preamble(), rendering.bytes());
        rendering.start(tree.blobs(), ids -> hosting.create(tree.meta(ids)).requireId());
      }
    } catch (VineyardException e) {
      failed.accept(e);
    }
  }

  /** The making of an object out of a chunk, part by part, while the chunk's memory is kept. */
  private final class Rendering {
    private final ViewedChunk view;
    private final Consumer<Rendered> rendered;
    private final Consumer<VineyardException> failed;
    private final long[] segments;
    private final List<ObjectId> ids = new ArrayList<>();
    private final List<Runnable> writes = new ArrayList<>();
    private long writtenBytes;
    private List<BlobSource> sources = List.of();
    private Function<List<ObjectId>, ObjectId> root = made -> ObjectId.EMPTY_BLOB;

    Rendering(ViewedChunk view, Consumer<Rendered> rendered, Consumer<VineyardException> failed) {
      this.view = view;
      this.rendered = rendered;
      this.failed = failed;
      this.segments = view.taken.chunk().segments();
    }

    /** Returns where the chunk's bytes are, for any thread, as long as this goes on. */
    BytesAccess bytes() {
      long[] starts = new long[segments.length];
      long[] capacities = new long[segments.length];
      for (int i = 0; i < segments.length; i++) {
        Mapping mapping = mapping(segments[i]);
        starts[i] = mapping.address();
        capacities[i] = mapping.capacityBytes();
      }
      return (offset, sizeBytes) -> {
        long rest = offset;
        for (int i = 0; i < starts.length; i++) {
          if (rest >= 0 && rest < capacities[i] && sizeBytes <= capacities[i] - rest) {
            return starts[i] + rest;
          }
          rest -= capacities[i];
        }
        throw outside(offset, sizeBytes);
      };
    }

    void start(List<BlobSource> parts, Function<List<ObjectId>, ObjectId> made) {
      sources = parts;
      root = made;
      for (long segment : segments) {
        hosting.retainSegment(segment);
      }
      next();
    }

    private void next() {
      try {
        while (ids.size() < sources.size()) {
          BlobSource source = sources.get(ids.size());
          if (source instanceof BlobSource.InPlace there) {
            Piece piece = find(view.taken.chunk(), there.offset(), there.sizeBytes());
            ids.add(view.add(piece, there.sizeBytes()));
          } else {
            Runnable unused =
                memory.allocate(source.sizeBytes(), range -> make(source, range), this::give);
            return;
          }
        }
      } catch (VineyardException e) {
        give(e);
        return;
      }
      write();
    }

    private void make(BlobSource source, HostedMemory.Range range) {
      try {
        ObjectId id = hosting.nextBlob();
        hosting.addBlob(
            id, range.segment(), range.offset(), source.sizeBytes(), () -> memory.free(range));
        ids.add(id);
        long address = range.address();
        writes.add(() -> source.writeTo(address));
        writtenBytes += source.sizeBytes();
      } catch (VineyardException e) {
        give(e);
        return;
      }
      next();
    }

    private void write() {
      if (writtenBytes <= MOST_WRITTEN_HERE) {
        writes.forEach(Runnable::run);
        end();
        return;
      }
      try {
        worker.execute(
            () -> {
              writes.forEach(Runnable::run);
              loop.execute(this::end);
            });
      } catch (RejectedExecutionException e) {
        give(VineyardException.of(ErrorCode.STORE_LOST, "the store was closed", e));
      }
    }

    private void end() {
      ObjectId id;
      try {
        id = root.apply(ids);
      } catch (VineyardException e) {
        give(e);
        return;
      }
      releaseSegments();
      rendered.accept(view.rendered(id));
    }

    /** Nothing becomes of it. */
    private void give(VineyardException reason) {
      List<ObjectId> unused = hosting.delete(ids, true, false);
      releaseSegments();
      failed.accept(reason);
    }

    private void releaseSegments() {
      for (long segment : segments) {
        hosting.releaseSegment(segment);
      }
    }
  }

  private ByteBuffer header(Descriptor chunk) {
    ByteBuffer header = chunk.header();
    if (header != null) {
      return header.order(ByteOrder.LITTLE_ENDIAN);
    }
    long[] segments = chunk.segments();
    int size = chunk.overflowBytes();
    long address = mapping(segments[segments.length - 1]).address(chunk.overflowOffset(), size);
    ByteBuffer copy = ByteBuffer.allocate(size).put(Mapping.view(address, size)).flip();
    return copy.order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A piece of a chunk in one of its segments. */
  private record Piece(long segment, long offset) {}

  private Piece find(Descriptor chunk, long offset, long sizeBytes) {
    long rest = offset;
    for (long id : chunk.segments()) {
      Segment segment = hosting.segment(id);
      long capacity = segment == null ? 0 : segment.capacityBytes();
      if (rest >= 0 && rest < capacity && sizeBytes >= 0 && sizeBytes <= capacity - rest) {
        return new Piece(id, rest);
      }
      rest -= capacity;
    }
    throw outside(offset, sizeBytes);
  }

  private static VineyardException outside(long offset, long sizeBytes) {
    return VineyardException.of(
        ErrorCode.ARROW_ERROR,
        "expected bytes within the segments of a chunk, got " + sizeBytes + " at " + offset);
  }

  private Mapping mapping(long segment) {
    Mapping known = mapped.get(segment);
    if (known != null) {
      return known;
    }
    Segment memory = hosting.segment(segment);
    if (memory == null) {
      throw VineyardException.of(
          ErrorCode.ARROW_ERROR, "expected a segment of a chunk, got segment " + segment);
    }
    Mapping mapping = memory.map(Segment.Access.READ_ONLY);
    mapped.put(segment, mapping);
    return mapping;
  }

  private Rendered renderBytes(HostedReader.Taken taken, ByteBuffer header, HostedReader from) {
    if (header.remaining() < BYTES_HEADER) {
      throw VineyardException.of(
          ErrorCode.ARROW_ERROR,
          "expected a header of " + BYTES_HEADER + " bytes, got " + header.remaining());
    }
    long size = header.getLong(header.position() + Long.BYTES);
    if (size == 0) {
      return new Rendered(ObjectId.EMPTY_BLOB, () -> from.release(taken));
    }
    ViewedChunk view = new ViewedChunk(from, taken);
    ObjectId blob = view.add(find(taken.chunk(), header.getLong(header.position()), size), size);
    return view.rendered(blob);
  }

  /** Blobs that lie in a chunk, which is released when the last of them is gone. */
  private final class ViewedChunk {
    private final HostedReader from;
    private final HostedReader.Taken taken;
    private int left = 1;

    ViewedChunk(HostedReader from, HostedReader.Taken taken) {
      this.from = from;
      this.taken = taken;
    }

    ObjectId add(Piece piece, long sizeBytes) {
      ObjectId id = hosting.nextBlob();
      hosting.addBlob(id, piece.segment, piece.offset, sizeBytes, this::gone);
      left++;
      return id;
    }

    private void gone() {
      left--;
      if (left == 0) {
        from.release(taken);
      }
    }

    Rendered rendered(ObjectId root) {
      return new Rendered(
          root,
          () -> {
            List<ObjectId> unused = hosting.delete(List.of(root), false, true);
            gone();
          });
    }
  }

  // Segments of others.

  /** A segment of another client is known from now on. */
  void shared(Event.SegmentShared event) {
    event.segment().close(); // is found when it is needed
  }

  /** A segment is closed. */
  void closed(long segment) {
    Mapping mapping = mapped.remove(segment);
    if (mapping != null) {
      mapping.close();
    }
  }

  void close() {
    new ArrayList<>(mapped.values()).forEach(Mapping::close);
    mapped.clear();
    memory.close();
  }
}
