package io.vineyard.store.arrow.format;

import java.util.List;
import java.util.Objects;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** Says where two schemas differ first, so that a person sees it. */
final class SchemaDifference {
  private SchemaDifference() {}

  /** Returns the first difference as "expected this, got that"; null if there is none. */
  static @Nullable String find(Schema expected, Schema actual) {
    String inFields = inFields("column", "", expected.getFields(), actual.getFields());
    return inFields != null
        ? inFields
        : different(
            "the schema's metadata", expected.getCustomMetadata(), actual.getCustomMetadata());
  }

  private static @Nullable String inFields(
      String kind, String parent, List<Field> expected, List<Field> actual) {
    for (int i = 0; i < Math.max(expected.size(), actual.size()); i++) {
      if (i >= expected.size()) {
        return "expected no %s %d%s, got %s".formatted(kind, i, of(parent), actual.get(i));
      }
      if (i >= actual.size()) {
        return "expected %s %d%s, %s, got none".formatted(kind, i, of(parent), expected.get(i));
      }
      String name = expected.get(i).getName();
      if (!Objects.equals(name, actual.get(i).getName())) {
        return "expected %s %d%s to be %s, got %s"
            .formatted(kind, i, of(parent), expected.get(i), actual.get(i));
      }
      String path = parent.isEmpty() ? name : parent + "." + name;
      String inField = inField(path, expected.get(i), actual.get(i));
      if (inField != null) {
        return inField;
      }
    }
    return null;
  }

  private static String of(String parent) {
    return parent.isEmpty() ? "" : " of " + parent;
  }

  private static @Nullable String inField(String path, Field expected, Field actual) {
    String found = different("the type of " + path, expected.getType(), actual.getType());
    if (found == null) {
      found = different("nulls in " + path, nulls(expected), nulls(actual));
    }
    if (found == null) {
      found = different("for " + path, dictionary(expected), dictionary(actual));
    }
    if (found == null) {
      found = inFields("child", path, expected.getChildren(), actual.getChildren());
    }
    return found != null
        ? found
        : different("the metadata of " + path, expected.getMetadata(), actual.getMetadata());
  }

  private static String nulls(Field field) {
    return field.isNullable() ? "to be allowed" : "not to be allowed";
  }

  private static String dictionary(Field field) {
    DictionaryEncoding encoding = field.getDictionary();
    return encoding == null
        ? "no dictionary"
        : "%s dictionary %d of indices %s"
            .formatted(
                encoding.isOrdered() ? "ordered" : "unordered",
                encoding.getId(),
                encoding.getIndexType());
  }

  private static @Nullable String different(String what, Object expected, Object actual) {
    return expected.equals(actual)
        ? null
        : "expected %s: %s, got %s".formatted(what, expected, actual);
  }
}
