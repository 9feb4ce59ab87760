package io.vineyard.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.memory.Mapping;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Chunks whose bytes follow from a number, so that a wrong one is seen.
 *
 * <pre>
 * header  0  where the bytes begin
 *         8  how many they are
 *        16  the number
 * bytes      words of 8 that begin at every 4096th byte, or at the first and the middle of more
 *            than 64 KiB, and the last such word: each a mix of the number and its place
 * </pre>
 */
public final class Pattern {
  private static final int HEADER_BYTES = 24;
  private static final int STEP_BYTES = 4096;
  private static final int WORD_BYTES = Long.BYTES;
  private static final long MIX = 0x9E3779B97F4A7C15L;

  private Pattern() {}

  private static long word(long number, long offset) {
    return (number + 1) * MIX ^ Long.rotateLeft(offset * MIX, 17);
  }

  /** Writes the bytes of a number; only the places named above are touched. */
  public static void fill(long address, long sizeBytes, long number) {
    for (long offset = 0; offset + WORD_BYTES <= sizeBytes; offset += step(sizeBytes)) {
      put(address, offset, number);
    }
    if (sizeBytes >= WORD_BYTES) {
      put(address, last(sizeBytes), number);
    }
  }

  private static void put(long address, long offset, long number) {
    Mapping.view(address + offset, WORD_BYTES).putLong(0, word(number, offset));
  }

  /** Fails unless the bytes are those of a number. */
  public static void check(long address, long sizeBytes, long number) {
    for (long offset = 0; offset + WORD_BYTES <= sizeBytes; offset += step(sizeBytes)) {
      checkWord(address, offset, number);
    }
    if (sizeBytes >= WORD_BYTES) {
      checkWord(address, last(sizeBytes), number);
    }
  }

  private static void checkWord(long address, long offset, long number) {
    long found = Mapping.view(address + offset, WORD_BYTES).getLong(0);
    if (found != word(number, offset)) {
      throw new AssertionError(
          "expected the bytes of number " + number + " at " + offset + ", got " + found);
    }
  }

  private static long step(long sizeBytes) {
    return sizeBytes <= 16 * STEP_BYTES ? STEP_BYTES : sizeBytes / 2 & -WORD_BYTES;
  }

  private static long last(long sizeBytes) {
    return sizeBytes - WORD_BYTES & -WORD_BYTES;
  }

  /** Takes memory and makes a chunk of it; the memory is freed when it is reclaimed. */
  public static ChunkDraft draft(ChunkWriter writer, long number, long sizeBytes) {
    return draft(writer, number, writer.memory().allocate(sizeBytes));
  }

  /** Makes a chunk of memory, which is freed when it is reclaimed. */
  public static ChunkDraft draft(ChunkWriter writer, long number, SharedMemory.Allocation memory) {
    fill(memory.address(), memory.sizeBytes(), number);
    return draftOf(writer, number, memory);
  }

  /** Makes a chunk of memory that has its bytes already, and is freed when it is reclaimed. */
  public static ChunkDraft draftOf(
      ChunkWriter writer, long number, SharedMemory.Allocation memory) {
    long sizeBytes = memory.sizeBytes();
    ChunkDraft draft = writer.draft();
    long offset = draft.offsetOf(memory.address(), sizeBytes);
    return draft.complete(header(offset, sizeBytes, number), sizeBytes, memory::free);
  }

  private static ByteBuffer header(long offset, long sizeBytes, long number) {
    return ByteBuffer.allocate(HEADER_BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(offset)
        .putLong(sizeBytes)
        .putLong(number)
        .flip();
  }

  /** Checks the bytes of a chunk, and returns its number; the chunk stays open. */
  public static long number(Chunk chunk) {
    ByteBuffer header = chunk.header();
    assertThat(header.remaining()).as("bytes of the header").isEqualTo(HEADER_BYTES);
    long sizeBytes = header.getLong(8);
    long number = header.getLong(16);
    assertThat(chunk.dataBytes()).as("bytes of the chunk").isEqualTo(sizeBytes);
    check(chunk.address(header.getLong(0), sizeBytes), sizeBytes, number);
    return number;
  }
}
