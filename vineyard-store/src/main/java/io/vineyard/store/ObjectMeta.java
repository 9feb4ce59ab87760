package io.vineyard.store;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The metadata of an object: a type name, fields, and members that are objects themselves.
 *
 * <p>Immutable. A field is a {@link String}, a {@link Long}, a {@link Double} or a {@link Boolean};
 * fields and members share one space of keys and keep their order. Before an object is created its
 * {@link #id()} is null; a member that exists already is named by {@link #reference(ObjectId)}.
 */
public final class ObjectMeta {
  /** The type name of a blob. */
  public static final String BLOB = "vineyard::Blob";

  private static final String REFERENCE = "";

  private final @Nullable ObjectId id;
  private final String typeName;
  private final long sizeBytes;
  private final boolean persistent;
  private final Map<String, Object> fields;
  private final Map<String, ObjectMeta> members;

  private ObjectMeta(Builder builder) {
    this.id = builder.id;
    this.typeName = builder.typeName;
    this.sizeBytes = builder.sizeBytes;
    this.persistent = builder.persistent;
    this.fields = Collections.unmodifiableMap(new LinkedHashMap<>(builder.fields));
    this.members = Collections.unmodifiableMap(new LinkedHashMap<>(builder.members));
  }

  /** Begins metadata of an object with this type name, for example {@code vineyard::Table}. */
  public static Builder builder(String typeName) {
    return new Builder(Objects.requireNonNull(typeName, "typeName"));
  }

  /** Returns a stand-in for an existing object, to be used as a member of a new one. */
  public static ObjectMeta reference(ObjectId id) {
    return new Builder(REFERENCE).id(id).build();
  }

  /** Returns the metadata of a sealed blob. */
  public static ObjectMeta blob(ObjectId id, long sizeBytes) {
    return new Builder(BLOB).id(id).sizeBytes(sizeBytes).build();
  }

  /** Returns the id, null as long as the object has not been created. */
  public @Nullable ObjectId id() {
    return id;
  }

  /** Returns the id of an object that has been created. */
  public ObjectId requireId() {
    if (id == null) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected created metadata, got metadata without id: " + this);
    }
    return id;
  }

  /** Returns the type name, empty for a {@link #reference}. */
  public String typeName() {
    return typeName;
  }

  /** Returns whether this only stands for an existing object. */
  public boolean isReference() {
    return typeName.isEmpty();
  }

  /** Returns the bytes of all blobs below. */
  public long sizeBytes() {
    return sizeBytes;
  }

  /** Returns whether the object was persisted. */
  public boolean isPersistent() {
    return persistent;
  }

  /** Returns the fields in their order; unmodifiable. */
  public Map<String, Object> fields() {
    return fields;
  }

  /** Returns the members in their order; unmodifiable. */
  public Map<String, ObjectMeta> members() {
    return members;
  }

  /**
   * Returns a member.
   *
   * @throws VineyardException with {@link ErrorCode#KEY_ERROR} if there is none of this name
   */
  public ObjectMeta member(String name) {
    ObjectMeta member = members.get(name);
    if (member == null) {
      throw VineyardException.of(
          ErrorCode.KEY_ERROR, "expected a member of " + members.keySet() + ", got " + name);
    }
    return member;
  }

  /**
   * Returns a field.
   *
   * @throws VineyardException with {@link ErrorCode#KEY_ERROR} if there is none of this name, or
   *     {@link ErrorCode#TYPE_ERROR} if it has another type
   */
  public <T> T field(String name, Class<T> type) {
    Object value = fields.get(name);
    if (value == null) {
      throw VineyardException.of(
          ErrorCode.KEY_ERROR, "expected a field of " + fields.keySet() + ", got " + name);
    }
    if (!type.isInstance(value)) {
      throw VineyardException.of(
          ErrorCode.TYPE_ERROR,
          "expected field "
              + name
              + " as "
              + type.getSimpleName()
              + ", it is a "
              + value.getClass().getSimpleName());
    }
    return type.cast(value);
  }

  /** Returns a builder that begins with everything that is here. */
  public Builder toBuilder() {
    Builder builder = new Builder(typeName);
    builder.id = id;
    builder.sizeBytes = sizeBytes;
    builder.persistent = persistent;
    builder.fields.putAll(fields);
    builder.members.putAll(members);
    return builder;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ObjectMeta that
        && Objects.equals(id, that.id)
        && typeName.equals(that.typeName)
        && sizeBytes == that.sizeBytes
        && persistent == that.persistent
        && fields.equals(that.fields)
        && members.equals(that.members);
  }

  @Override
  public int hashCode() {
    return Objects.hash(id, typeName, sizeBytes, persistent, fields, members);
  }

  @Override
  public String toString() {
    return (isReference() ? "reference" : typeName)
        + (id == null ? "" : " " + id)
        + (fields.isEmpty() ? "" : " " + fields)
        + (members.isEmpty() ? "" : " members " + members.keySet());
  }

  /** Collects metadata; not thread-safe. */
  public static final class Builder {
    private final String typeName;
    private @Nullable ObjectId id;
    private long sizeBytes;
    private boolean persistent;
    private final Map<String, Object> fields = new LinkedHashMap<>();
    private final Map<String, ObjectMeta> members = new LinkedHashMap<>();

    private Builder(String typeName) {
      this.typeName = typeName;
    }

    /** Sets the id; the store does this when it creates the object. */
    public Builder id(ObjectId value) {
      this.id = Objects.requireNonNull(value, "id");
      return this;
    }

    /** Sets the bytes of all blobs below; the store computes it when it creates the object. */
    public Builder sizeBytes(long value) {
      this.sizeBytes = value;
      return this;
    }

    /** Sets whether the object is persisted; the store does this. */
    public Builder persistent(boolean value) {
      this.persistent = value;
      return this;
    }

    /** Adds a field of text. */
    public Builder field(String name, String value) {
      return put(name, Objects.requireNonNull(value, "value"));
    }

    /** Adds a field that is an integer. */
    public Builder field(String name, long value) {
      return put(name, value);
    }

    /** Adds a field that is a floating-point number. */
    public Builder field(String name, double value) {
      return put(name, value);
    }

    /** Adds a field that is true or false. */
    public Builder field(String name, boolean value) {
      return put(name, value);
    }

    /**
     * Adds fields, in the order of the map; those before one that is refused stay.
     *
     * @throws VineyardException with {@link ErrorCode#TYPE_ERROR} for a value that is no {@code
     *     String}, {@code Long}, {@code Double} or {@code Boolean}; with {@link
     *     ErrorCode#META_TREE_INVALID} for a name that a field or member has
     */
    public Builder fields(Map<String, Object> values) {
      values.forEach(
          (name, value) -> {
            if (!(value instanceof String
                || value instanceof Long
                || value instanceof Double
                || value instanceof Boolean)) {
              throw VineyardException.of(
                  ErrorCode.TYPE_ERROR,
                  "expected a String, Long, Double or Boolean as field "
                      + name
                      + ", got "
                      + value.getClass().getName());
            }
            put(name, value);
          });
      return this;
    }

    /** Adds a member. */
    public Builder member(String name, ObjectMeta member) {
      checkNew(name);
      members.put(name, Objects.requireNonNull(member, "member"));
      return this;
    }

    /** Replaces all members; the store does this when it resolves references. */
    public Builder members(Map<String, ObjectMeta> resolved) {
      members.clear();
      resolved.forEach(this::member);
      return this;
    }

    /** Returns the metadata. */
    public ObjectMeta build() {
      return new ObjectMeta(this);
    }

    private Builder put(String name, Object value) {
      checkNew(name);
      fields.put(name, value);
      return this;
    }

    private void checkNew(String name) {
      Objects.requireNonNull(name, "name");
      if (fields.containsKey(name) || members.containsKey(name)) {
        throw VineyardException.of(
            ErrorCode.META_TREE_INVALID, "expected a new key in " + typeName + ", got " + name);
      }
    }
  }
}
