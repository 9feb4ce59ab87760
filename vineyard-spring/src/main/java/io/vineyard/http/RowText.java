package io.vineyard.http;

import io.vineyard.store.arrow.RecordBatch;
import java.io.IOException;
import java.io.OutputStream;
import org.apache.arrow.vector.types.pojo.Schema;

/** What rows look like as text. Used by one thread at a time. */
interface RowText {
  /** Sets where the bytes go from now on. */
  void target(OutputStream target);

  /** Writes what comes before the first batch. */
  void beginAll(Schema schema) throws IOException;

  /** Prepares for the rows of a batch, which stays as it is up to {@link #endBatch()}. */
  void beginBatch(RecordBatch batch) throws IOException;

  /** Writes a row. */
  void row(int row) throws IOException;

  /** Writes what comes after the rows of a batch. */
  void endBatch() throws IOException;

  /** Writes what comes after the last batch; without any, also what comes before the first. */
  void endAll(boolean begun) throws IOException;

  /** Sees to it that all bytes have arrived at the target. */
  void flush() throws IOException;
}
