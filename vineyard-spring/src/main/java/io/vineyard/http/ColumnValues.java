package io.vineyard.http;

import com.fasterxml.jackson.core.JsonGenerator;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.io.IOException;
import org.apache.arrow.vector.ValueVector;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.jspecify.annotations.Nullable;

/** The values of a column as JSON and as text. Used by one thread at a time. */
interface ColumnValues {

  /** Writes a value, or null. */
  void json(JsonGenerator out, int row) throws IOException;

  /** Returns a value as text; null if it is null. */
  @Nullable String text(int row) throws IOException;

  /**
   * Returns the values of a vector; those that a dictionary encodes are looked up in it.
   *
   * @throws VineyardException with {@link ErrorCode#UNSUPPORTED} if it is of a type that has no
   *     form as text
   */
  static ColumnValues of(ValueVector vector, DictionaryProvider dictionaries) {
    DictionaryEncoding encoding = vector.getField().getDictionary();
    if (encoding == null) {
      ColumnValues plain = PlainValues.of(vector);
      return plain == null ? NestedValues.of(vector, dictionaries) : plain;
    }
    Dictionary dictionary = dictionaries.lookup(encoding.getId());
    if (dictionary == null) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected dictionary %d of %s, got none".formatted(encoding.getId(), vector.getField()));
    }
    return new EncodedValues(vector, of(dictionary.getVector(), dictionaries));
  }
}
