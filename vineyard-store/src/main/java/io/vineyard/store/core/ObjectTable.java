package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.BlobLocation;
import io.vineyard.store.message.Texts;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** All objects that are trees of metadata; their leaves are blobs. */
final class ObjectTable {
  /** An object; its members are objects of their own, known by their ids. */
  private static final class ObjectEntry {
    final long id;
    ObjectMeta own;
    final Map<String, Long> members;
    final MetaTree tree;
    long ownBytes;
    int parents;
    boolean persistent;

    ObjectEntry(long id, ObjectMeta meta, Map<String, Long> members, MetaTree tree) {
      this.id = id;
      this.own = meta.toBuilder().members(Map.of()).build();
      this.members = members;
      this.tree = tree;
      this.ownBytes = MetaTree.ofOwn(meta).bytes();
    }
  }

  private static final int MOST_FIELD_CHARS = 1 << 16;

  private final StoreLimits limits;
  private final Ids ids;
  private final BlobTable blobs;
  private final NameTable names;
  private final HeldBytes held;
  private final TreeMap<Long, ObjectEntry> objects = new TreeMap<>();

  /** Run when objects were created. */
  Runnable onCreated = () -> {};

  /** Told every object that goes. */
  LongConsumer onRemoved = id -> {};

  ObjectTable(StoreLimits limits, Ids ids, BlobTable blobs, NameTable names, HeldBytes held) {
    this.limits = limits;
    this.held = held;
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
    int fresh = check(meta, 0).fresh();
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
    held.add(freshBytes(meta));
    ObjectMeta created = meta(store(meta));
    onCreated.run();
    return created;
  }

  private long freshBytes(ObjectMeta meta) {
    long bytes = MetaTree.ofOwn(meta).bytes();
    for (ObjectMeta member : meta.members().values()) {
      bytes += member.id() == null ? freshBytes(member) : 0;
    }
    return bytes;
  }

  private MetaTree check(ObjectMeta meta, int depth) {
    if (meta.isReference()
        || depth > limits.metaDepth()
        || meta.typeName().length() > limits.nameBytes()
        || meta.typeName().equals(ObjectMeta.BLOB)) {
      throw notATree(meta, "of " + meta.typeName().length() + " characters at depth " + depth);
    }
    MetaTree tree = MetaTree.ofOwn(meta);
    for (ObjectMeta member : meta.members().values()) {
      ObjectId id = member.id();
      tree = tree.with(id == null ? check(member, depth + 1) : known(id.value()));
    }
    if (tree.depth() > limits.metaDepth()
        || tree.objects() > limits.metaObjects()
        || tree.bytes() > limits.metaBytes()) {
      throw notATree(
          meta,
          tree.depth() + " deep with " + tree.objects() + " objects, " + tree.bytes() + " bytes");
    }
    return tree;
  }

  private VineyardException notATree(ObjectMeta meta, String what) {
    return VineyardException.of(
        ErrorCode.META_TREE_INVALID,
        "expected a tree of at most "
            + limits.metaObjects()
            + " objects and "
            + limits.metaBytes()
            + " bytes, at most "
            + limits.metaDepth()
            + " deep, with type names of at most "
            + limits.nameBytes()
            + " characters, got "
            + Texts.cut(meta.typeName())
            + " "
            + what);
  }

  private MetaTree known(long id) {
    ObjectEntry object = objects.get(id);
    if (object != null) {
      return object.tree.known();
    }
    if (!exists(id)) {
      throw noObject(id);
    }
    return MetaTree.BLOB;
  }

  private long store(ObjectMeta meta) {
    Map<String, Long> members = new LinkedHashMap<>();
    MetaTree tree = MetaTree.ofOwn(meta);
    for (Map.Entry<String, ObjectMeta> member : meta.members().entrySet()) {
      ObjectId known = member.getValue().id();
      long id = known == null ? store(member.getValue()) : known.value();
      tree = tree.with(known(id));
      members.put(member.getKey(), id);
      addParents(id, 1);
    }
    ObjectEntry entry = new ObjectEntry(ids.nextObject(), meta, members, tree);
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

  /** Returns about how many bytes it takes to write down the tree of an object or blob. */
  long treeBytes(long id) {
    ObjectEntry entry = objects.get(id);
    return entry == null ? MetaTree.BLOB.bytes() : entry.tree.bytes() + entry.ownBytes;
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

  /**
   * Calls for the metadata of the first objects, and then blobs, of these types; before each for
   * its bytes.
   */
  void list(Predicate<String> types, int limit, LongConsumer cost, Consumer<ObjectMeta> found) {
    int left = limit;
    for (ObjectEntry entry : objects.values()) {
      if (left <= 0) {
        return;
      }
      if (types.test(entry.own.typeName())) {
        cost.accept(entry.tree.bytes());
        found.accept(meta(entry.id));
        left--;
      }
    }
    if (types.test(ObjectMeta.BLOB)) {
      for (BlobEntry blob : blobs.all()) {
        if (left <= 0) {
          return;
        }
        if (!blob.deleted) {
          cost.accept(MetaTree.BLOB.bytes());
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

  /**
   * Deletes what Vineyard deletes. What is a member of something else, or does not exist, stays
   * without a word.
   *
   * @param force delete a member too, and everything that it is a member of, but not other members
   * @param deep delete also members that are objects; blobs go in any case
   * @param gone told the blobs that went
   */
  void delete(List<ObjectId> ids, boolean force, boolean deep, LongConsumer gone) {
    Set<Long> wanted = new LinkedHashSet<>();
    ids.forEach(id -> wanted.add(id.value()));
    Set<Long> asked = Set.copyOf(wanted);
    if (force) {
      addParentsOf(wanted);
    }
    boolean some = true;
    while (some) { // what was a member of others before may be free now
      some = false;
      for (long id : List.copyOf(wanted)) {
        if (isOrphan(id)) {
          wanted.remove(id);
          removeOne(id, deep && asked.contains(id), gone);
          some = true;
        }
      }
    }
  }

  /** Adds what these are members of, upwards, in one look at all objects. */
  private void addParentsOf(Set<Long> wanted) {
    if (wanted.stream().noneMatch(this::isMember)) {
      return;
    }
    Map<Long, List<Long>> parents = new HashMap<>();
    for (ObjectEntry entry : objects.values()) {
      for (long member : entry.members.values()) {
        parents.computeIfAbsent(member, key -> new ArrayList<>()).add(entry.id);
      }
    }
    List<Long> upwards = new ArrayList<>(wanted);
    for (int i = 0; i < upwards.size(); i++) {
      for (long parent : parents.getOrDefault(upwards.get(i), List.of())) {
        if (wanted.add(parent)) {
          upwards.add(parent);
        }
      }
    }
  }

  private boolean isMember(long id) {
    ObjectEntry object = objects.get(id);
    BlobEntry blob = object == null ? blobs.find(id) : null;
    return (object != null && object.parents > 0) || (blob != null && blob.parents > 0);
  }

  private void removeOne(long id, boolean deep, LongConsumer gone) {
    names.dropAllOf(id);
    ObjectEntry object = objects.remove(id);
    if (object == null) {
      BlobEntry blob = blobs.find(id);
      if (blob != null) {
        blobs.delete(blob);
        gone.accept(id);
      }
      return;
    }
    held.remove(object.ownBytes);
    onRemoved.accept(id);
    for (long member : object.members.values()) {
      addParents(member, -1);
      if (isOrphan(member) && (deep || new ObjectId(member).isBlob())) {
        removeOne(member, deep, gone);
      }
    }
  }

  /** Deletes everything. */
  void clear() {
    for (long id : List.copyOf(objects.keySet())) {
      names.dropAllOf(id);
    }
    objects.values().forEach(entry -> held.remove(entry.ownBytes));
    List<Long> all = List.copyOf(objects.keySet());
    objects.clear();
    all.forEach(onRemoved::accept);
    List<BlobEntry> leaves = new ArrayList<>();
    blobs.all().forEach(leaves::add);
    leaves.forEach(blobs::delete);
  }

  /** Sets a field of an object that has no member of this name. */
  void setField(long id, String key, String value) {
    ObjectEntry entry = objects.get(id);
    if (entry == null) {
      throw noObject(id);
    }
    if (entry.members.containsKey(key) || value.length() > MOST_FIELD_CHARS) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected at most "
              + MOST_FIELD_CHARS
              + " characters for a field that is no member, got "
              + value.length()
              + " for "
              + key);
    }
    Map<String, Object> fields = new LinkedHashMap<>(entry.own.fields());
    fields.put(key, value);
    ObjectMeta next = ObjectMeta.builder(entry.own.typeName()).fields(fields).build();
    long bytes = MetaTree.ofOwn(next).bytes();
    held.add(bytes);
    held.remove(entry.ownBytes);
    entry.own = next;
    entry.ownBytes = bytes;
  }

  private void remove(long id) {
    removeOne(id, true, blob -> {});
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
