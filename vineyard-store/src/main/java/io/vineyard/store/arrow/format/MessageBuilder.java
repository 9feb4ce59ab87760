package io.vineyard.store.arrow.format;

import com.google.flatbuffers.FlatBufferBuilder;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.arrow.flatbuf.BodyCompression;
import org.apache.arrow.flatbuf.BodyCompressionMethod;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.DictionaryBatch;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.apache.arrow.flatbuf.RecordBatch;
import org.jspecify.annotations.Nullable;

/**
 * Builds the metadata of Arrow's {@code RecordBatch} and {@code DictionaryBatch} messages, one
 * after the other; used by one thread.
 *
 * <p>The format is that of {@code Message.fbs} in the Arrow columnar format, version 1.5.
 */
public final class MessageBuilder {
  /** Marks that a message's body is not compressed. */
  public static final byte NOT_COMPRESSED = -1;

  private static final int FIRST_BYTES = 1024;
  private static final int FIRST_ENTRIES = 16;

  private final FlatBufferBuilder builder = new FlatBufferBuilder(FIRST_BYTES);
  private long[] nodes = new long[FIRST_ENTRIES];
  private long[] buffers = new long[FIRST_ENTRIES];
  private long[] variadic = new long[1];
  private int nodeCount;
  private int bufferCount;
  private int variadicCount;
  private @Nullable MessageTemplate template;
  private int templateNodes;
  private int templateBuffers;

  /** Begins a message. */
  public void begin() {
    nodeCount = 0;
    bufferCount = 0;
    variadicCount = 0;
  }

  /** Adds a vector. */
  public void node(long values, long nulls) {
    if (2 * nodeCount == nodes.length) {
      nodes = Arrays.copyOf(nodes, 2 * nodes.length);
    }
    nodes[2 * nodeCount] = values;
    nodes[2 * nodeCount++ + 1] = nulls;
  }

  /** Adds a buffer. */
  public void buffer(long offset, long sizeBytes) {
    if (2 * bufferCount == buffers.length) {
      buffers = Arrays.copyOf(buffers, 2 * buffers.length);
    }
    buffers[2 * bufferCount] = offset;
    buffers[2 * bufferCount++ + 1] = sizeBytes;
  }

  /** Adds the number of data buffers of a view vector. */
  public void variadic(long dataBuffers) {
    if (variadicCount == variadic.length) {
      variadic = Arrays.copyOf(variadic, 2 * variadic.length);
    }
    variadic[variadicCount++] = dataBuffers;
  }

  /** Ends the message; the bytes are valid until the next one begins. */
  public ByteBuffer recordBatch(long rows, long bodyBytes, byte codec) {
    if (codec == NOT_COMPRESSED && variadicCount == 0) {
      return likeTheOneBefore(rows, bodyBytes);
    }
    builder.clear();
    return message(MessageHeader.RecordBatch, batch(rows, codec), bodyBytes);
  }

  /** Most messages differ from the one before in nothing but their numbers. */
  private ByteBuffer likeTheOneBefore(long rows, long bodyBytes) {
    MessageTemplate known = template;
    if (known == null || templateNodes != nodeCount || templateBuffers != bufferCount) {
      known = newTemplate();
      template = known;
      templateNodes = nodeCount;
      templateBuffers = bufferCount;
    }
    int mark = 0;
    known.set(mark++, rows);
    known.set(mark++, bodyBytes);
    for (int i = 0; i < 2 * nodeCount; i++) {
      known.set(mark++, nodes[i]);
    }
    for (int i = 0; i < 2 * bufferCount; i++) {
      known.set(mark++, buffers[i]);
    }
    return known.message();
  }

  private MessageTemplate newTemplate() {
    MessageBuilder marked = new MessageBuilder();
    long mark = MessageTemplate.FIRST_MARK;
    long rows = mark++;
    long bodyBytes = mark++;
    for (int i = 0; i < nodeCount; i++) {
      marked.node(mark, mark + 1);
      mark += 2;
    }
    for (int i = 0; i < bufferCount; i++) {
      marked.buffer(mark, mark + 1);
      mark += 2;
    }
    ByteBuffer built =
        marked.message(MessageHeader.RecordBatch, marked.batch(rows, NOT_COMPRESSED), bodyBytes);
    return new MessageTemplate(built, (int) (mark - MessageTemplate.FIRST_MARK));
  }

  /** Ends the message; the bytes are valid until the next one begins. */
  public ByteBuffer dictionaryBatch(long id, long values, long bodyBytes, byte codec) {
    builder.clear();
    int data = batch(values, codec);
    DictionaryBatch.startDictionaryBatch(builder);
    DictionaryBatch.addId(builder, id);
    DictionaryBatch.addData(builder, data);
    return message(
        MessageHeader.DictionaryBatch, DictionaryBatch.endDictionaryBatch(builder), bodyBytes);
  }

  private int batch(long rows, byte codec) {
    RecordBatch.startNodesVector(builder, nodeCount);
    for (int i = nodeCount - 1; i >= 0; i--) {
      FieldNode.createFieldNode(builder, nodes[2 * i], nodes[2 * i + 1]);
    }
    int nodesAt = builder.endVector();
    RecordBatch.startBuffersVector(builder, bufferCount);
    for (int i = bufferCount - 1; i >= 0; i--) {
      Buffer.createBuffer(builder, buffers[2 * i], buffers[2 * i + 1]);
    }
    int buffersAt = builder.endVector();
    int variadicAt = variadicCount == 0 ? 0 : variadicCounts();
    int compressionAt =
        codec == NOT_COMPRESSED
            ? 0
            : BodyCompression.createBodyCompression(builder, codec, BodyCompressionMethod.BUFFER);
    RecordBatch.startRecordBatch(builder);
    RecordBatch.addLength(builder, rows);
    RecordBatch.addNodes(builder, nodesAt);
    RecordBatch.addBuffers(builder, buffersAt);
    if (compressionAt != 0) {
      RecordBatch.addCompression(builder, compressionAt);
    }
    if (variadicAt != 0) {
      RecordBatch.addVariadicBufferCounts(builder, variadicAt);
    }
    return RecordBatch.endRecordBatch(builder);
  }

  private int variadicCounts() {
    RecordBatch.startVariadicBufferCountsVector(builder, variadicCount);
    for (int i = variadicCount - 1; i >= 0; i--) {
      builder.addLong(variadic[i]);
    }
    return builder.endVector();
  }

  private ByteBuffer message(byte type, int headerAt, long bodyBytes) {
    Message.startMessage(builder);
    Message.addHeaderType(builder, type);
    Message.addHeader(builder, headerAt);
    Message.addVersion(builder, MetadataVersion.V5);
    Message.addBodyLength(builder, bodyBytes);
    builder.finish(Message.endMessage(builder));
    return builder.dataBuffer();
  }
}
