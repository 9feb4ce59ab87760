package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.DictionarySet;
import io.vineyard.store.arrow.format.ForeignMemory;
import io.vineyard.store.arrow.format.Malformed;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Reads trees as batches, in place; keeps what the next one probably has as well. Used by one
 * thread.
 *
 * <p>Whatever is in a tree, it is read or refused with a typed error: {@link
 * ErrorCode#OBJECT_TYPE_ERROR} for members of types that are not supported, {@link
 * ErrorCode#ARROW_ERROR} for what is malformed.
 */
public final class TreeReader {
  private static final String BATCH = "vineyard::RecordBatch";
  private static final String TABLE = "vineyard::Table";
  private static final String VALUE = "value";
  private static final String COLUMNS = "__columns_-";
  private static final int CONTINUATION = -1;

  private @Nullable String schemaText;
  private @Nullable BatchSchema knownWire;
  private @Nullable BatchSchema knownSchema;

  /** Returns whether objects of this type name can be read, as one batch or several. */
  public static boolean accepts(String typeName) {
    String type = TypeNames.clean(typeName);
    return type.equals(BATCH)
        || type.equals(TABLE)
        || FrameReader.accepts(type)
        || TensorReader.accepts(type)
        || ArrayReader.accepts(type);
  }

  /**
   * Reads a tree that is one batch; a table without any becomes a batch without rows.
   *
   * @param memory what the blobs lie in; the columns keep it
   */
  public Columns read(ObjectMeta tree, BlobBytes blobs, ForeignMemory memory) {
    return Malformed.guard(
        tree.typeName(),
        () -> {
          Tree root = Tree.root(tree);
          if (!root.type().equals(TABLE)) {
            return readOne(root, blobs, memory);
          }
          int batches = root.size("batch_num_");
          if (batches > 1) {
            throw VineyardException.of(
                ErrorCode.OBJECT_TYPE_ERROR,
                "expected a table of one batch, got " + batches + " of " + tree);
          }
          return batches == 1
              ? readOne(root.member("partitions_-0"), blobs, memory)
              : empty(root, blobs);
        });
  }

  /** Reads a tree that is any number of batches. */
  public List<Columns> readAll(ObjectMeta tree, BlobBytes blobs, ForeignMemory memory) {
    List<Columns> read = new ArrayList<>();
    try {
      return Malformed.guard(
          tree.typeName(),
          () -> {
            Tree root = Tree.root(tree);
            int batches = root.type().equals(TABLE) ? root.size("batch_num_") : 1;
            for (int i = 0; i < batches; i++) {
              Tree batch = root.type().equals(TABLE) ? root.member("partitions_-" + i) : root;
              read.add(readOne(batch, blobs, memory));
            }
            return read;
          });
    } catch (RuntimeException broken) {
      read.forEach(Columns::close);
      throw broken;
    }
  }

  private Columns readOne(Tree tree, BlobBytes blobs, ForeignMemory memory) {
    try (Assembly out = new Assembly(blobs, memory)) {
      if (tree.type().equals(BATCH)) {
        return readBatch(tree, blobs, out);
      } else if (FrameReader.accepts(tree.type())) {
        FrameReader frame = new FrameReader(out, blobs);
        int rows = frame.read(tree);
        return out.load(schema(new Schema(frame.fields())), rows);
      } else if (TensorReader.accepts(tree.type())) {
        Field field = new TensorReader(out).read(tree, VALUE);
        return out.load(schema(new Schema(List.of(field))), TensorReader.rows(tree));
      } else if (ArrayReader.accepts(tree.type())) {
        Field field = new ArrayReader(out).read(tree, ArrayReader.Expected.nothing(VALUE));
        return out.load(schema(new Schema(List.of(field))), tree.size("length_"));
      }
      throw tree.unsupported(
          "a RecordBatch, Table, DataFrame, Series, Index, Tensor or array of vineyard");
    }
  }

  private Columns readBatch(Tree batch, BlobBytes blobs, Assembly out) {
    Schema said = wireSchema(batch.member("schema_"), blobs).wire();
    int rows = batch.size("row_num_");
    int count = batch.size(COLUMNS + "size");
    if (count != said.getFields().size()) {
      throw Malformed.of(said.getFields().size() + " columns of " + batch, "" + count);
    }
    ArrayReader arrays = new ArrayReader(out);
    List<Field> fields = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Tree column = batch.member(COLUMNS + i);
      fields.add(arrays.read(column, ArrayReader.Expected.of(said.getFields().get(i))));
      if (column.size("length_") != rows) {
        throw Malformed.of(rows + " values in " + column, "" + column.size("length_"));
      }
    }
    return out.load(schema(new Schema(fields, said.getCustomMetadata())), rows);
  }

  /** A table has a schema for those who look for one, even without batches. */
  private Columns empty(Tree table, BlobBytes blobs) {
    return EmptyColumns.of(wireSchema(table.member("schema_"), blobs));
  }

  private BatchSchema wireSchema(Tree proxy, BlobBytes blobs) {
    if (!proxy.type().equals("vineyard::SchemaProxy")) {
      throw proxy.unsupported("a vineyard::SchemaProxy");
    }
    if (proxy.hasMember("buffer_")) {
      return parse(proxy.blob("buffer_", blobs).copy(), proxy);
    }
    String text = proxy.text("schema_binary_");
    BatchSchema known = knownWire;
    if (known == null || !text.equals(schemaText)) {
      known = parse(JsonTexts.bytes(text, "schema_binary_ of " + proxy), proxy);
      knownWire = known;
      schemaText = text;
    }
    return known;
  }

  /** Reads a message as files and streams have it, with its size in front. */
  private static BatchSchema parse(ByteBuffer bytes, Tree proxy) {
    ByteBuffer message = bytes.order(ByteOrder.LITTLE_ENDIAN);
    boolean isNew = message.remaining() >= Integer.BYTES && message.getInt(0) == CONTINUATION;
    int prefix = isNew ? 2 * Integer.BYTES : Integer.BYTES;
    int size = message.remaining() < prefix ? -1 : message.getInt(prefix - Integer.BYTES);
    if (size < 0 || size > message.remaining() - prefix) {
      throw Malformed.of(
          "a schema within " + message.remaining() + " bytes of " + proxy, size + " bytes");
    }
    ByteBuffer found = message.slice(prefix, size).order(ByteOrder.LITTLE_ENDIAN);
    return BatchSchema.ofMessage(Message.getRootAsMessage(found));
  }

  /** Batches of one stream mostly have one schema, to which more belongs than its fields. */
  private BatchSchema schema(Schema schema) {
    BatchSchema known = knownSchema;
    if (known == null || !known.memory().equals(schema)) {
      known = BatchSchema.ofMemory(schema, DictionarySet.EMPTY);
      knownSchema = known;
    }
    return known;
  }
}
