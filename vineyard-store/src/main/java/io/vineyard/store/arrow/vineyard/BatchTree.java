package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.Malformed;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * A record batch as Vineyard's {@code vineyard::RecordBatch}: the bytes that have to become blobs,
 * and the tree once they are.
 */
public final class BatchTree {
  private static final int ALIGNMENT = 8;
  private static final int CONTINUATION = -1;

  private final int rows;
  private final String schemaText;
  private final List<ArrayWriter.Render> columns;
  private final List<BlobSource> blobs;

  private BatchTree(
      int rows, String schemaText, List<ArrayWriter.Render> columns, List<BlobSource> blobs) {
    this.rows = rows;
    this.schemaText = schemaText;
    this.columns = columns;
    this.blobs = List.copyOf(blobs);
  }

  /**
   * What trees of one schema have in common.
   *
   * @param fields of the columns
   * @param text the schema, as the tree has it
   */
  public record Shape(List<Field> fields, String text) {
    /**
     * Works out what trees of a schema have in common.
     *
     * @throws VineyardException with {@link ErrorCode#UNSUPPORTED} if Vineyard can't hold it,
     *     naming the first field that it can't
     */
    public static Shape of(BatchSchema schema) {
      String refusal = HeldTypes.refusal(schema.memory());
      if (refusal != null) {
        throw VineyardException.of(
            ErrorCode.UNSUPPORTED, "expected columns that Vineyard can hold, but " + refusal);
      }
      return new Shape(schema.memory().getFields(), JsonTexts.ofBytes(framed(schema)));
    }

    private static ByteBuffer framed(BatchSchema schema) {
      ByteBuffer message = schema.toMessage();
      int size = (message.remaining() + ALIGNMENT - 1) & -ALIGNMENT;
      ByteBuffer framed =
          ByteBuffer.allocate(2 * Integer.BYTES + size).order(ByteOrder.LITTLE_ENDIAN);
      framed.putInt(CONTINUATION).putInt(size).put(message);
      return framed.clear();
    }
  }

  /**
   * Renders the batch of a message.
   *
   * @param access where the bytes are that the message points at; they must stay until the blobs
   *     are made
   * @throws VineyardException with {@link ErrorCode#ARROW_ERROR} if the message does not fit the
   *     schema
   */
  public static BatchTree of(Shape shape, Message message, BytesAccess access) {
    return Malformed.guard(
        "record batch",
        () -> {
          boolean isBatch = message.headerType() == MessageHeader.RecordBatch;
          if (!isBatch) {
            throw Malformed.of("a record batch", "header type " + message.headerType());
          }
          RecordBatch batch =
              Objects.requireNonNull((RecordBatch) message.header(new RecordBatch()), "header");
          if (batch.length() < 0 || batch.length() > Integer.MAX_VALUE) {
            throw Malformed.of("0 to " + Integer.MAX_VALUE + " rows", "" + batch.length());
          }
          return of(shape, batch, access);
        });
  }

  private static BatchTree of(Shape shape, RecordBatch batch, BytesAccess access) {
    int rows = (int) batch.length();
    ArrayWriter writer = new ArrayWriter(batch, access);
    List<ArrayWriter.Render> columns = new ArrayList<>();
    for (Field field : shape.fields()) {
      columns.add(writer.column(field, rows));
    }
    writer.end();
    return new BatchTree(rows, shape.text(), columns, writer.blobs());
  }

  /** Returns what has to become blobs, none of them empty; unmodifiable. */
  public List<BlobSource> blobs() {
    return blobs;
  }

  /**
   * Returns the tree.
   *
   * @param ids of the blobs, in the order of {@link #blobs()}; the tree refers to them
   */
  public ObjectMeta meta(List<ObjectId> ids) {
    if (ids.size() != blobs.size()) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected ids of " + blobs.size() + " blobs, got " + ids.size());
    }
    ObjectMeta.Builder tree =
        ObjectMeta.builder("vineyard::RecordBatch")
            .field("column_num_", (long) columns.size())
            .field("row_num_", (long) rows)
            .field("__columns_-size", (long) columns.size())
            .member(
                "schema_",
                ObjectMeta.builder("vineyard::SchemaProxy")
                    .field("schema_binary_", schemaText)
                    .build());
    for (int i = 0; i < columns.size(); i++) {
      tree.member("__columns_-" + i, columns.get(i).tree(ids));
    }
    return tree.build();
  }
}
