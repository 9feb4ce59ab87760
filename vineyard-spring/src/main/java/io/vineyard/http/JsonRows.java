package io.vineyard.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.io.SerializedString;
import io.vineyard.store.arrow.RecordBatch;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** Rows as JSON objects: one a line, in one array, or in an array a batch. */
final class JsonRows implements RowText {
  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .rootValueSeparator((String) null)
          .enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN)
          .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
          .build();

  private final BodyFormat format;
  private final Switch output = new Switch();
  private final JsonGenerator json;
  private List<SerializedString> names = List.of();
  private List<ColumnValues> columns = List.of();
  private boolean isFirst = true;

  JsonRows(BodyFormat format) {
    this.format = format;
    try {
      this.json = FACTORY.createGenerator(output);
    } catch (IOException e) {
      throw new IllegalStateException("expected a generator of JSON in memory", e);
    }
  }

  /** What the generator writes to, which changes from buffer to buffer. */
  private static final class Switch extends OutputStream {
    private @Nullable OutputStream target;

    @Override
    public void write(int value) throws IOException {
      Objects.requireNonNull(target).write(value);
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
      Objects.requireNonNull(target).write(bytes, offset, count);
    }
  }

  @Override
  public void target(OutputStream target) {
    output.target = target;
  }

  @Override
  public void beginAll(Schema schema) throws IOException {
    names =
        schema.getFields().stream().map(field -> new SerializedString(field.getName())).toList();
    if (format == BodyFormat.JSON) {
      json.writeRaw("[");
    }
  }

  @Override
  public void beginBatch(RecordBatch batch) throws IOException {
    List<ColumnValues> made = new ArrayList<>(batch.columnCount());
    batch.vectors().forEach(vector -> made.add(ColumnValues.of(vector, batch.dictionaries())));
    columns = made;
    if (format == BodyFormat.EVENT_STREAM) {
      json.writeRaw("data:[");
      isFirst = true;
    }
  }

  @Override
  public void row(int row) throws IOException {
    if (format == BodyFormat.JSON) {
      json.writeRaw(isFirst ? "\n" : ",\n");
    } else if (format == BodyFormat.EVENT_STREAM && !isFirst) {
      json.writeRaw(',');
    }
    isFirst = false;
    json.writeStartObject();
    for (int i = 0; i < names.size(); i++) {
      json.writeFieldName(names.get(i));
      columns.get(i).json(json, row);
    }
    json.writeEndObject();
    if (format == BodyFormat.NDJSON) {
      json.writeRaw('\n');
    }
  }

  @Override
  public void endBatch() throws IOException {
    columns = List.of();
    if (format == BodyFormat.EVENT_STREAM) {
      json.writeRaw("]\n\n");
    }
  }

  @Override
  public void endAll(boolean begun) throws IOException {
    if (format == BodyFormat.JSON) {
      json.writeRaw(begun ? "\n]\n" : "[]\n");
    }
  }

  @Override
  public void flush() throws IOException {
    json.flush();
  }
}
