package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.Malformed;
import org.jspecify.annotations.Nullable;

/**
 * A part of a tree of metadata that nobody has checked, with the way to it, which errors name.
 *
 * @param path the names of the members from the root on
 * @param type the type name, as {@link TypeNames#clean} leaves it
 */
record Tree(String path, ObjectMeta meta, String type) {
  static Tree root(ObjectMeta meta) {
    return of("", meta);
  }

  private static Tree of(String path, ObjectMeta meta) {
    return new Tree(path, meta, TypeNames.clean(meta.typeName()));
  }

  /** Returns a member, which must be there. */
  Tree member(String name) {
    ObjectMeta member = meta.members().get(name);
    if (member == null) {
      throw Malformed.of(
          "a member " + name + " of " + this, "the members " + meta.members().keySet());
    }
    return of(path.isEmpty() ? name : path + "." + name, member);
  }

  boolean hasMember(String name) {
    return meta.members().containsKey(name);
  }

  /** Returns a field that is a size, which must be there. */
  int size(String name) {
    Object value = meta.fields().get(name);
    if (!(value instanceof Long number) || number < 0 || number > Integer.MAX_VALUE) {
      throw Malformed.of(
          "%s of %s from 0 to %d".formatted(name, this, Integer.MAX_VALUE), text(value));
    }
    return Math.toIntExact(number);
  }

  /** Returns a field that is a size, or something else if it is not there at all. */
  int size(String name, int otherwise) {
    return meta.fields().containsKey(name) ? size(name) : otherwise;
  }

  /** Returns a field of text, which must be there. */
  String text(String name) {
    Object value = meta.fields().get(name);
    if (!(value instanceof String found)) {
      throw Malformed.of(name + " of " + this + " as text", text(value));
    }
    return found;
  }

  /** Returns a field of text, null if it is not there or null itself. */
  @Nullable String optionalText(String name) {
    return meta.fields().get(name) instanceof String found ? found : null;
  }

  private static String text(@Nullable Object value) {
    return value == null ? "none" : value.getClass().getSimpleName() + " " + value;
  }

  /** Returns a member that is a blob, which must be there. */
  Region blob(String name, BlobBytes blobs) {
    Tree member = member(name);
    if (!member.meta.typeName().equals(ObjectMeta.BLOB)) {
      throw member.unsupported("a blob");
    }
    return member.bytes(blobs);
  }

  /** Returns where the bytes of this blob are. */
  Region bytes(BlobBytes blobs) {
    ObjectId id = meta.id();
    if (id == null || !id.isBlob()) {
      throw Malformed.of("the id of a blob for " + this, "" + id);
    }
    return id.equals(ObjectId.EMPTY_BLOB) ? Region.EMPTY : blobs.find(id);
  }

  VineyardException unsupported(String supported) {
    return VineyardException.of(
        ErrorCode.OBJECT_TYPE_ERROR, "expected " + supported + ", got " + this);
  }

  @Override
  public String toString() {
    String typeName = meta.isReference() ? "a reference" : meta.typeName();
    return path.isEmpty() ? typeName : "member " + path + ", which is " + typeName;
  }
}
