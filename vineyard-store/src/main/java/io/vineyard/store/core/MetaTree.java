package io.vineyard.store.core;

import io.vineyard.store.ObjectMeta;
import java.util.Map;

/**
 * How large a tree of metadata is. Members of members are counted as often as they occur, because
 * whoever asks for an object gets all of its tree.
 *
 * @param fresh how many of its objects are to be created
 * @param depth how many members lie between its top and its deepest object
 * @param objects how many objects and blobs it has
 * @param bytes about as many as it takes to write it down
 */
record MetaTree(int fresh, int depth, long objects, long bytes) {
  private static final long OBJECT_BYTES = 64;
  private static final long ENTRY_BYTES = 16;

  /** A blob, and its location. */
  static final MetaTree BLOB = new MetaTree(0, 0, 1, 2 * OBJECT_BYTES);

  /** Returns the size of an object without its members. */
  static MetaTree ofOwn(ObjectMeta meta) {
    return new MetaTree(1, 0, 1, ownBytes(meta));
  }

  /** Returns about how many bytes it takes to write a whole tree down. */
  static long bytesOf(ObjectMeta tree) {
    if (tree.typeName().equals(ObjectMeta.BLOB)) {
      return BLOB.bytes;
    }
    long bytes = ownBytes(tree);
    for (ObjectMeta member : tree.members().values()) {
      bytes += bytesOf(member);
    }
    return bytes;
  }

  /** Returns about how many bytes it takes to write down a name and what has it. */
  static long nameBytes(String name) {
    return 2 * ENTRY_BYTES + textBytes(name);
  }

  private static long ownBytes(ObjectMeta meta) {
    long bytes = OBJECT_BYTES + textBytes(meta.typeName());
    for (Map.Entry<String, Object> field : meta.fields().entrySet()) {
      bytes += ENTRY_BYTES + textBytes(field.getKey());
      if (field.getValue() instanceof String text) {
        bytes += textBytes(text);
      }
    }
    for (String key : meta.members().keySet()) {
      bytes += ENTRY_BYTES + textBytes(key);
    }
    return bytes;
  }

  /** UTF-8 takes up to 3 bytes for a char. */
  private static long textBytes(String text) {
    long bytes = text.length();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x80) {
        bytes += 2;
      }
    }
    return bytes;
  }

  MetaTree with(MetaTree member) {
    return new MetaTree(
        fresh + member.fresh,
        Math.max(depth, member.depth + 1),
        objects + member.objects,
        bytes + member.bytes);
  }

  /** Returns the same as a member that exists already. */
  MetaTree known() {
    return new MetaTree(0, depth, objects, bytes);
  }
}
