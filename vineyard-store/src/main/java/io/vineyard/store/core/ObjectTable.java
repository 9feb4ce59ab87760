package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.BlobLocation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** All objects that are trees of metadata; their leaves are blobs. */
final class ObjectTable {
  /** How large a tree is: members of members are counted as often as they occur. */
  private record Tree(int fresh, int depth, long objects) {
    static final Tree LEAF = new Tree(0, 0, 1);

    Tree with(Tree member) {
      return new Tree(
          fresh + member.fresh, Math.max(depth, member.depth + 1), objects + member.objects);
    }
  }

  /** An object; its members are objects of their own, known by their ids. */
  private static final class ObjectEntry {
    final long id;
    final ObjectMeta own;
    final Map<String, Long> members;
    final Tree tree;
    int parents;
    boolean persistent;

    ObjectEntry(long id, ObjectMeta own, Map<String, Long> members, Tree tree) {
      this.id = id;
      this.own = own;
      this.members = members;
      this.tree = tree;
    }
  }

  private final StoreLimits limits;
  private final Ids ids;
  private final BlobTable blobs;
  private final NameTable names;
  private final TreeMap<Long, ObjectEntry> objects = new TreeMap<>();

  ObjectTable(StoreLimits limits, Ids ids, BlobTable blobs, NameTable names) {
    this.limits = limits;
    this.ids = ids;
    this.blobs = blobs;
    this.names = names;
  }

  int count() {
    return objects.size() + blobs.count();
  }

  boolean exists(long id) {
    return objects.containsKey(id) || isEmptyBlob(id) || blobs.find(id) != null;
  }

  /** Creates an object with all its new members, or nothing. */
  ObjectMeta create(ObjectMeta meta) {
    int fresh = check(meta, 0).fresh;
    if (count() + fresh > limits.objects()) {
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED,
          "expected at most "
              + limits.objects()
              + " objects, got "
              + fresh
              + " more than "
              + count());
    }
    return meta(store(meta));
  }

  private Tree check(ObjectMeta meta, int depth) {
    if (meta.isReference()
        || depth > limits.metaDepth()
        || meta.typeName().equals(ObjectMeta.BLOB)) {
      throw notATree(meta, "at depth " + depth);
    }
    Tree tree = new Tree(1, 0, 1);
    for (ObjectMeta member : meta.members().values()) {
      ObjectId id = member.id();
      tree = tree.with(id == null ? check(member, depth + 1) : known(id.value()));
    }
    // What members refer to counts as well: whoever asks for an object gets all of its tree.
    if (tree.depth > limits.metaDepth() || tree.objects > limits.metaObjects()) {
      throw notATree(meta, tree.depth + " deep with " + tree.objects + " objects");
    }
    return tree;
  }

  private VineyardException notATree(ObjectMeta meta, String what) {
    return VineyardException.of(
        ErrorCode.META_TREE_INVALID,
        "expected a tree of at most "
            + limits.metaObjects()
            + " objects, at most "
            + limits.metaDepth()
            + " deep, got "
            + meta
            + " "
            + what);
  }

  private Tree known(long id) {
    ObjectEntry object = objects.get(id);
    if (object != null) {
      return new Tree(0, object.tree.depth, object.tree.objects);
    }
    if (!exists(id)) {
      throw noObject(id);
    }
    return Tree.LEAF;
  }

  private long store(ObjectMeta meta) {
    Map<String, Long> members = new LinkedHashMap<>();
    Tree tree = new Tree(1, 0, 1);
    for (Map.Entry<String, ObjectMeta> member : meta.members().entrySet()) {
      ObjectId known = member.getValue().id();
      long id = known == null ? store(member.getValue()) : known.value();
      tree = tree.with(known(id));
      members.put(member.getKey(), id);
      addParents(id, 1);
    }
    ObjectMeta own = meta.toBuilder().members(Map.of()).build();
    ObjectEntry entry = new ObjectEntry(ids.nextObject(), own, members, tree);
    objects.put(entry.id, entry);
    return entry.id;
  }

  private void addParents(long id, int change) {
    ObjectEntry object = objects.get(id);
    if (object != null) {
      object.parents += change;
      return;
    }
    BlobEntry blob = blobs.find(id);
    if (blob != null) {
      blob.parents += change;
    }
  }

  /** Returns the whole tree of an object or blob. */
  ObjectMeta meta(long id) {
    ObjectMeta meta = find(id);
    if (meta == null) {
      throw noObject(id);
    }
    return meta;
  }

  private @Nullable ObjectMeta find(long id) {
    if (isEmptyBlob(id)) {
      return ObjectMeta.blob(ObjectId.EMPTY_BLOB, 0);
    }
    ObjectEntry entry = objects.get(id);
    if (entry == null) {
      BlobEntry blob = blobs.find(id);
      return blob == null ? null : meta(blob);
    }
    long size = 0;
    Map<String, ObjectMeta> members = new LinkedHashMap<>();
    for (Map.Entry<String, Long> member : entry.members.entrySet()) {
      ObjectMeta meta = meta(member.getValue());
      size += meta.sizeBytes();
      members.put(member.getKey(), meta);
    }
    return entry.own.toBuilder()
        .id(new ObjectId(id))
        .members(members)
        .sizeBytes(size)
        .persistent(entry.persistent)
        .build();
  }

  private static ObjectMeta meta(BlobEntry blob) {
    return ObjectMeta.blob(new ObjectId(blob.id), blob.sizeBytes).toBuilder()
        .persistent(blob.persistent)
        .build();
  }

  /** Leases every blob of a tree. */
  List<BlobLocation> lease(AttachedClient client, ObjectMeta meta) {
    List<BlobLocation> locations = new ArrayList<>();
    lease(client, meta, locations);
    return locations;
  }

  private void lease(AttachedClient client, ObjectMeta meta, List<BlobLocation> locations) {
    long id = meta.requireId().value();
    if (meta.requireId().isBlob()) {
      if (!isEmptyBlob(id)) {
        locations.add(blobs.lease(client, blobs.require(id)));
      }
      return;
    }
    meta.members().values().forEach(member -> lease(client, member, locations));
  }

  /** Calls for the metadata of the first objects, and then blobs, of these types. */
  void list(Predicate<String> types, int limit, Consumer<ObjectMeta> found) {
    int left = limit;
    for (ObjectEntry entry : objects.values()) {
      if (left > 0 && types.test(entry.own.typeName())) {
        found.accept(meta(entry.id));
        left--;
      }
    }
    if (types.test(ObjectMeta.BLOB)) {
      for (BlobEntry blob : blobs.all()) {
        if (left > 0 && !blob.deleted) {
          found.accept(meta(blob));
          left--;
        }
      }
    }
  }

  void delete(long id) {
    ObjectEntry object = objects.get(id);
    BlobEntry blob = blobs.find(id);
    if (isEmptyBlob(id)) {
      return;
    }
    if (object == null && blob == null) {
      throw noObject(id);
    }
    int parents = object != null ? object.parents : blob == null ? 0 : blob.parents;
    if (parents > 0) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected an object that is no member of another, "
              + new ObjectId(id)
              + " is a member of "
              + parents);
    }
    remove(id);
  }

  private void remove(long id) {
    names.dropAllOf(id);
    ObjectEntry object = objects.remove(id);
    if (object == null) {
      BlobEntry blob = blobs.find(id);
      if (blob != null) {
        blobs.delete(blob);
      }
      return;
    }
    for (long member : object.members.values()) {
      addParents(member, -1);
      if (isOrphan(member)) {
        remove(member);
      }
    }
  }

  private boolean isOrphan(long id) {
    ObjectEntry object = objects.get(id);
    if (object != null) {
      return object.parents == 0;
    }
    BlobEntry blob = blobs.find(id);
    return blob != null && blob.parents == 0;
  }

  void persist(long id) {
    ObjectEntry object = objects.get(id);
    if (object != null) {
      object.persistent = true;
      object.members.values().forEach(this::persist);
      return;
    }
    if (!isEmptyBlob(id)) {
      BlobEntry blob = blobs.find(id);
      if (blob == null) {
        throw noObject(id);
      }
      blob.persistent = true;
    }
  }

  private static boolean isEmptyBlob(long id) {
    return id == ObjectId.EMPTY_BLOB.value();
  }

  private static VineyardException noObject(long id) {
    return VineyardException.of(
        ErrorCode.OBJECT_NOT_EXISTS, "expected an object, there is no " + new ObjectId(id));
  }
}
