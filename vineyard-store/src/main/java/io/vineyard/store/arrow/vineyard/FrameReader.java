package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.arrow.format.Malformed;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;

/**
 * Reads the trees of what Pandas has: frames, series and indexes.
 *
 * <p>Columns are named by their labels; labels that are no text, by the JSON of the label. An index
 * becomes a last column if it has a name, or is anything but the numbers from 0 on; one without a
 * name is named as pyarrow names it.
 */
final class FrameReader {
  private static final String VALUE = "value";
  private static final String VALUE_MEMBER = "value_";
  private static final String INDEX = "index_";
  private static final String NO_NAME = "__index_level_0__";
  private static final String PICKLED = "a column that is a tensor";

  private final Assembly out;
  private final BlobBytes blobs;
  private final TensorReader tensors;
  private final List<Field> fields = new ArrayList<>();
  private int rows = -1;

  FrameReader(Assembly out, BlobBytes blobs) {
    this.out = out;
    this.blobs = blobs;
    this.tensors = new TensorReader(out);
  }

  static boolean accepts(String type) {
    return switch (type) {
      case "vineyard::DataFrame", "vineyard::Series", "vineyard::Index" -> true;
      default -> false;
    };
  }

  /** Adds the columns of a tree, and returns how many rows there are. */
  int read(Tree tree) {
    switch (tree.type()) {
      case "vineyard::DataFrame" -> readFrame(tree);
      case "vineyard::Series" -> readSeries(tree);
      default -> column(tree.member(VALUE_MEMBER), nameOr(tree, VALUE));
    }
    return Math.max(0, rows);
  }

  List<Field> fields() {
    return fields;
  }

  private static String nameOr(Tree tree, String otherwise) {
    String text = tree.optionalText("name");
    String name = text == null ? null : JsonTexts.label(text, "name of " + tree);
    return Objects.requireNonNullElse(name, otherwise);
  }

  private void readSeries(Tree series) {
    column(series.member(VALUE_MEMBER), nameOr(series, VALUE));
    index(series);
  }

  private void readFrame(Tree frame) {
    String columns = "columns_ of " + frame;
    List<@Nullable String> labels = JsonTexts.labels(frame.text("columns_"), columns);
    Tree unlabelledIndex = null;
    int size = frame.size("__values_-size", labels.size());
    for (int i = 0; i < size; i++) {
      String key = "__values_-key-" + i;
      String label = JsonTexts.label(frame.text(key), key + " of " + frame);
      Tree values = frame.member("__values_-value-" + i);
      if (INDEX.equals(label) && !labels.contains(INDEX)) {
        unlabelledIndex = values; // as C++ keeps it
      } else {
        column(values, String.valueOf(label));
      }
    }
    if (fields.size() != labels.size()) {
      throw Malformed.of("values of " + labels.size() + " columns of " + frame, "" + fields.size());
    }
    if (unlabelledIndex != null) {
      index(unlabelledIndex, null);
    } else {
      index(frame);
    }
  }

  private void index(Tree owner) {
    if (!owner.hasMember(INDEX)) {
      return;
    }
    Tree index = owner.member(INDEX);
    if (!index.type().equals("vineyard::Index")) {
      throw index.unsupported("a vineyard::Index");
    }
    String text = index.optionalText("name");
    index(
        index.member(VALUE_MEMBER),
        text == null ? null : JsonTexts.label(text, "name of " + index));
  }

  private void index(Tree values, @Nullable String name) {
    if (name != null || !isRange(values)) {
      column(values, name == null ? NO_NAME : name);
    }
  }

  /** The index of a frame without columns may have any number of rows. */
  private boolean isRange(Tree values) {
    boolean fits = rows < 0 || !TensorReader.accepts(values.type()) || rows == rows(values);
    return fits && TensorReader.isRange(values, blobs);
  }

  private static int rows(Tree values) {
    return TensorReader.accepts(values.type()) ? TensorReader.rows(values) : values.size("length_");
  }

  private void column(Tree values, String name) {
    boolean isTensor = TensorReader.accepts(values.type());
    if (!isTensor && !ArrayReader.accepts(values.type())) {
      throw values.unsupported(PICKLED);
    }
    int count = rows(values);
    if (rows >= 0 && rows != count) {
      throw Malformed.of(rows + " values of column " + name, count + " in " + values);
    }
    rows = count;
    fields.add(
        isTensor
            ? tensors.read(values, name)
            : new ArrayReader(out).read(values, ArrayReader.Expected.nothing(name)));
  }
}
