package io.vineyard.store;

/** Opens objects by their layouts. */
final class Layouts {
  private Layouts() {}

  static <T> T open(StoredObject object, Layout<T> layout) {
    String typeName = object.meta().typeName();
    if (!layout.accepts(typeName)) {
      object.close();
      throw VineyardException.of(
          ErrorCode.OBJECT_TYPE_ERROR,
          "expected an object for " + layout + ", got " + object.meta());
    }
    return layout.open(object);
  }
}
