package io.vineyard.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufOutputStream;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.RecordBatch;
import java.io.IOException;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** Rows as text, in buffers of moderate size whatever the size of a batch. */
final class TextWriter implements BodyWriter {
  private static final int BUFFER_BYTES = 32 << 10;
  private static final int FIRST_BYTES = 4 << 10;
  private static final int MOST_BYTES = 64 << 20;

  private final RowText text;
  private @Nullable Schema schema;
  private @Nullable RecordBatch batch;
  private int row;
  private boolean begun;

  TextWriter(RowText text) {
    this.text = text;
  }

  @Override
  public void begin(RecordBatch next) {
    batch = next;
    row = 0;
    if (schema == null) {
      schema = next.schema();
    } else if (!schema.getFields().equals(next.schema().getFields())) {
      throw VineyardException.of(
          ErrorCode.SCHEMA_MISMATCH,
          "expected the columns of the first batch, %s, got %s".formatted(schema, next.schema()));
    }
  }

  @Override
  public @Nullable OwningBuffer next(ByteBufAllocator allocator) {
    RecordBatch current = batch;
    if (current == null) {
      return null;
    }
    return written(allocator, target -> write(current, target));
  }

  private void write(RecordBatch current, ByteBufOutputStream target) throws IOException {
    text.target(target);
    if (!begun) {
      begun = true;
      text.beginAll(current.schema());
    }
    if (row == 0) {
      text.beginBatch(current);
    }
    while (row < current.rowCount() && target.writtenBytes() < BUFFER_BYTES) {
      text.row(row++);
    }
    if (row == current.rowCount()) {
      text.endBatch();
      batch = null;
      current.close();
    }
    text.flush();
  }

  @Override
  public OwningBuffer end(ByteBufAllocator allocator) {
    return written(
        allocator,
        target -> {
          text.target(target);
          text.endAll(begun);
          text.flush();
        });
  }

  private interface Writing {
    void write(ByteBufOutputStream target) throws IOException;
  }

  private static OwningBuffer written(ByteBufAllocator allocator, Writing writing) {
    ByteBuf buffer = allocator.buffer(FIRST_BYTES, MOST_BYTES);
    try (ByteBufOutputStream target = new ByteBufOutputStream(buffer)) {
      writing.write(target);
      OwningBuffer owning = new OwningBuffer(allocator, () -> {});
      owning.addComponent(true, buffer);
      return owning;
    } catch (IOException e) {
      buffer.release();
      throw VineyardException.of(ErrorCode.IO_ERROR, "expected text, got " + e, e);
    } catch (IndexOutOfBoundsException full) {
      buffer.release();
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED, "expected rows of at most " + MOST_BYTES + " bytes", full);
    } catch (RuntimeException | Error failed) {
      buffer.release();
      throw failed;
    }
  }

  @Override
  public void close() {
    if (batch != null) {
      batch.close();
      batch = null;
    }
  }
}
