package io.vineyard.benchmarks.micro;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import io.vineyard.store.protocol.binary.CommandEncoder;
import io.vineyard.store.protocol.binary.EventEncoder;
import io.vineyard.store.protocol.binary.FrameReader;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The codecs of frames that come while a stream is busy, and of a blob that is sealed. */
@State(Scope.Thread)
public class FrameBenchmark {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int RELEASES = 64;

  private final ByteBuf buffer = Unpooled.directBuffer(BUFFER_BYTES);
  private final CommandEncoder commands = new CommandEncoder(buffer);
  private final EventEncoder events = new EventEncoder(buffer);
  private final FrameReader commandReader = FrameReader.ofCommands();
  private final FrameReader eventReader = FrameReader.ofEvents();
  private final Command.Wake wake = new Command.Wake(1);
  private final Event.Wake woken = new Event.Wake(1);
  private final Command.ReleaseBlobs release = new Command.ReleaseBlobs(new long[RELEASES]);

  /** From an end to the store. */
  @Benchmark
  public Object wake() {
    buffer.clear();
    commands.wake(wake);
    return commandReader.read(buffer);
  }

  /** From the store to the other end. */
  @Benchmark
  public Object woken() {
    buffer.clear();
    events.wake(woken);
    return eventReader.read(buffer);
  }

  /** The release of 64 blobs. */
  @Benchmark
  public Object releaseMany() {
    buffer.clear();
    commands.releaseBlobs(release);
    return commandReader.read(buffer);
  }
}
