package io.vineyard.store.client.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import io.vineyard.store.protocol.json.ServerFields;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Trees of metadata as a Vineyard server wants and returns them.
 *
 * <p>A tree is created with one request, so that it is all or nothing: a server takes the ids of
 * new members as a client chooses them. Those that it chooses itself have bit 62 set, until 2039;
 * ours are random below that.
 */
final class Trees {
  private static final int DEEPEST = 64;
  private static final int MOST_OBJECTS = 8192;
  private static final int RANDOM_BITS = 62;

  private Trees() {}

  /**
   * Checks a tree that is to be created, and collects the ids that it refers to.
   *
   * @throws VineyardException if no server could create it
   */
  static void check(ObjectMeta meta, Set<ObjectId> references) {
    if (meta.isReference() || meta.typeName().equals(ObjectMeta.BLOB) || meta.id() != null) {
      throw VineyardException.of(
          ErrorCode.META_TREE_INVALID, "expected metadata of a new object, got " + meta);
    }
    checkMembers(meta, references, 1);
  }

  private static void checkMembers(ObjectMeta meta, Set<ObjectId> references, int depth) {
    checkDepth(depth);
    meta.fields().keySet().forEach(Trees::checkKey);
    for (Map.Entry<String, ObjectMeta> member : meta.members().entrySet()) {
      checkKey(member.getKey());
      ObjectId id = member.getValue().id();
      if (id != null) {
        references.add(id);
      } else {
        checkTypeName(member.getValue().typeName());
        checkMembers(member.getValue(), references, depth + 1);
      }
    }
  }

  private static void checkDepth(int depth) {
    if (depth > DEEPEST) {
      throw VineyardException.of(
          ErrorCode.META_TREE_INVALID,
          "expected a tree at most " + DEEPEST + " deep, got a deeper one");
    }
  }

  /** A server addresses fields by paths, and loses those that it takes for something else. */
  private static void checkKey(String key) {
    if (key.isEmpty() || key.indexOf('/') >= 0 || key.indexOf('~') >= 0 || isNumber(key)) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED,
          "expected a key without / and ~ that is no number, which a Vineyard server keeps, got \""
              + key
              + "\"");
    }
  }

  private static void checkTypeName(String typeName) {
    int dot = typeName.indexOf('.');
    int bracket = typeName.indexOf('<');
    if (dot >= 0 && (bracket < 0 || dot < bracket)) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED,
          "expected a type name without a dot, which a Vineyard server can resolve, got "
              + typeName);
    }
  }

  static boolean isNumber(String text) {
    return !text.isEmpty() && text.chars().allMatch(digit -> digit >= '0' && digit <= '9');
  }

  /**
   * Returns a tree as it will be in the store: new members with ids, and all sizes.
   *
   * @param known what it refers to, as {@link #plain} returns it
   */
  static ObjectMeta created(ObjectMeta meta, Map<ObjectId, ObjectMeta> known) {
    int[] budget = {MOST_OBJECTS};
    return created(meta, known, budget, 1);
  }

  private static ObjectMeta created(
      ObjectMeta meta, Map<ObjectId, ObjectMeta> known, int[] budget, int depth) {
    spend(budget, 1);
    long sizeBytes = 0;
    Map<String, ObjectMeta> members = new LinkedHashMap<>();
    for (Map.Entry<String, ObjectMeta> entry : meta.members().entrySet()) {
      ObjectMeta member = entry.getValue();
      ObjectId id = member.id();
      ObjectMeta there;
      if (id == null) {
        ObjectId chosen = new ObjectId(ThreadLocalRandom.current().nextLong(1, 1L << RANDOM_BITS));
        there = created(member, known, budget, depth + 1).toBuilder().id(chosen).build();
      } else {
        there = existing(id, known);
        count(there, budget, depth + 1);
      }
      sizeBytes += there.sizeBytes();
      members.put(entry.getKey(), there);
    }
    return meta.toBuilder().members(members).sizeBytes(sizeBytes).persistent(false).build();
  }

  /**
   * Returns a tree as it is sent.
   *
   * @param created what {@link #created} has returned
   * @param existing the members that are in the store
   */
  static ObjectMeta sent(ObjectMeta created, Map<ObjectId, ObjectMeta> existing) {
    Map<String, ObjectMeta> members = new LinkedHashMap<>();
    for (Map.Entry<String, ObjectMeta> entry : created.members().entrySet()) {
      ObjectMeta member = entry.getValue();
      ObjectId id = member.requireId();
      if (id.isBlob()) {
        members.put(entry.getKey(), member);
      } else if (existing.containsKey(id)) {
        members.put(entry.getKey(), ObjectMeta.reference(id));
      } else {
        members.put(entry.getKey(), sent(member, existing));
      }
    }
    return created.toBuilder().members(members).build();
  }

  private static void field(ObjectMeta.Builder builder, String key, Object value) {
    if (value instanceof String text) {
      builder.field(key, text);
    } else if (value instanceof Long number) {
      builder.field(key, number.longValue());
    } else if (value instanceof Double number) {
      builder.field(key, number.doubleValue());
    } else {
      builder.field(key, ((Boolean) value).booleanValue());
    }
  }

  private static void spend(int[] budget, int objects) {
    budget[0] -= objects;
    if (budget[0] < 0) {
      throw VineyardException.of(
          ErrorCode.META_TREE_INVALID,
          "expected a tree of at most " + MOST_OBJECTS + " objects, got more");
    }
  }

  private static void count(ObjectMeta meta, int[] budget, int depth) {
    spend(budget, 1);
    checkDepth(depth);
    meta.members().values().forEach(member -> count(member, budget, depth + 1));
  }

  private static ObjectMeta existing(ObjectId id, Map<ObjectId, ObjectMeta> known) {
    if (id.equals(ObjectId.EMPTY_BLOB)) {
      return ObjectMeta.blob(id, 0);
    }
    ObjectMeta found = known.get(id);
    if (found == null) {
      throw missing(id);
    }
    return found;
  }

  static VineyardException missing(ObjectId id) {
    return VineyardException.of(
        ErrorCode.OBJECT_NOT_EXISTS, "expected an object or sealed blob, there is no " + id);
  }

  /** Collects the blobs of trees, each once, with the instance that it is on; not the empty one. */
  static Map<ObjectId, Long> blobs(Iterable<ObjectMeta> trees) {
    Map<ObjectId, Long> found = new LinkedHashMap<>();
    trees.forEach(tree -> addBlobs(tree, found));
    return found;
  }

  private static void addBlobs(ObjectMeta meta, Map<ObjectId, Long> found) {
    ObjectId id = meta.id();
    if (id != null && id.isBlob()) {
      if (!id.equals(ObjectId.EMPTY_BLOB)) {
        found.put(id, ServerFields.instance(meta));
      }
      return;
    }
    meta.members().values().forEach(member -> addBlobs(member, found));
  }

  /**
   * Returns a tree without what the server keeps for itself, with the sizes that it leaves out.
   *
   * @param blobBytes the size of each blob
   */
  static ObjectMeta plain(ObjectMeta meta, Map<ObjectId, Long> blobBytes) {
    return plain(meta, blobBytes, null);
  }

  private static ObjectMeta plain(
      ObjectMeta meta, Map<ObjectId, Long> blobBytes, @Nullable ObjectMeta parent) {
    ObjectId id = meta.requireId();
    boolean persistent = parent == null ? meta.isPersistent() : parent.isPersistent();
    if (id.isBlob()) {
      long size = blobBytes.getOrDefault(id, ServerFields.blobBytes(meta));
      return ObjectMeta.blob(id, size).toBuilder().persistent(persistent).build();
    }
    ObjectMeta.Builder builder = ObjectMeta.builder(meta.typeName()).id(id);
    builder.persistent(meta.isPersistent());
    for (Map.Entry<String, Object> field : meta.fields().entrySet()) {
      if (!ServerFields.isBookkeeping(field.getKey(), field.getValue())) {
        field(builder, field.getKey(), field.getValue());
      }
    }
    long sizeBytes = 0;
    for (Map.Entry<String, ObjectMeta> member : meta.members().entrySet()) {
      ObjectMeta below = plain(member.getValue(), blobBytes, meta);
      builder.member(member.getKey(), below);
      sizeBytes += below.sizeBytes();
    }
    return builder.sizeBytes(sizeBytes).build();
  }

  /** Returns the sizes of blobs that the server has told. */
  static Map<ObjectId, Long> sizes(Map<ObjectId, ObjectMeta> blobs) {
    Map<ObjectId, Long> found = new HashMap<>();
    blobs.forEach((id, blob) -> found.put(id, ServerFields.blobBytes(blob)));
    return found;
  }
}
