package io.vineyard.benchmarks.micro;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vineyard.store.message.ChunkBody;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import io.vineyard.store.protocol.binary.CommandEncoder;
import io.vineyard.store.protocol.binary.EventEncoder;
import io.vineyard.store.protocol.binary.FrameReader;
import java.nio.ByteBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The codecs of the frames that a chunk takes. */
@State(Scope.Thread)
public class FrameBenchmark {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int HEADER_BYTES = 256;
  private static final long DATA_BYTES = 32 << 10;
  private static final int RELEASES = 64;

  private final ByteBuf buffer = Unpooled.directBuffer(BUFFER_BYTES);
  private final CommandEncoder commands = new CommandEncoder(buffer);
  private final EventEncoder events = new EventEncoder(buffer);
  private final FrameReader commandReader = FrameReader.ofCommands();
  private final FrameReader eventReader = FrameReader.ofEvents();
  private final ChunkBody body =
      new ChunkBody(new long[] {1}, ChunkBody.NONE, DATA_BYTES, ByteBuffer.allocate(HEADER_BYTES));
  private final Command.Publish publish = new Command.Publish(1, body);
  private final Event.Delivered delivered = new Event.Delivered(1, 1, body);
  private final Command.ReleaseChunks release = new Command.ReleaseChunks(1, new long[RELEASES]);

  /** A chunk from its writer to the store. */
  @Benchmark
  public Object publish() {
    buffer.clear();
    commands.publish(publish);
    return commandReader.read(buffer);
  }

  /** A chunk from the store to its reader. */
  @Benchmark
  public Object deliver() {
    buffer.clear();
    events.delivered(delivered);
    return eventReader.read(buffer);
  }

  /** The release of 64 chunks. */
  @Benchmark
  public Object releaseMany() {
    buffer.clear();
    commands.releaseChunks(release);
    return commandReader.read(buffer);
  }
}
