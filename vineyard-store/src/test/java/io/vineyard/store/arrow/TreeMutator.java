package io.vineyard.store.arrow;

import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Changes one thing in a tree of metadata, or in its blobs. */
final class TreeMutator {
  private static final List<Long> NUMBERS =
      List.of(
          -1L,
          0L,
          1L,
          2L,
          3L,
          7L,
          8L,
          9L,
          64L,
          1L << 20,
          Integer.MAX_VALUE + 0L,
          1L << 31,
          1L << 62);
  private static final List<String> TEXTS =
      List.of(
          "",
          "{",
          "null",
          "[]",
          "[0]",
          "[-1]",
          "[2147483647]",
          "[65536, 65536, 65536]",
          "[1, 0]",
          "\"x\"",
          "{\"bytes\":[]}",
          "{\"bytes\":[255,255,255,255,255,255,255,127]}",
          "{\"bytes\":[300]}",
          "float32",
          "int64",
          "object",
          "datetime64[ns]",
          "bool",
          ">i8");
  private static final List<String> TYPES =
      List.of(
          "vineyard::NumericArray<int8>",
          "vineyard::NumericArray<double>",
          "vineyard::NumericArray<what>",
          "vineyard::BooleanArray",
          "vineyard::BaseBinaryArray<arrow::StringArray>",
          "vineyard::BaseBinaryArray<arrow::LargeStringArray>",
          "vineyard::LargeBinaryArray",
          "vineyard::FixedSizeBinaryArray",
          "vineyard::NullArray",
          "vineyard::BaseListArray<arrow::ListArray>",
          "vineyard::LargeListArray",
          "vineyard::FixedSizeListArray",
          "vineyard::SchemaProxy",
          "vineyard::RecordBatch",
          "vineyard::Table",
          "vineyard::DataFrame",
          "vineyard::Series",
          "vineyard::Index",
          "vineyard::Tensor<int64>",
          "vineyard::Tensor<std::string>",
          "vineyard::PickleBuffer",
          ObjectMeta.BLOB);

  private final Random random;
  private int target;

  TreeMutator(Random random) {
    this.random = random;
  }

  ObjectMeta mutate(ObjectMeta tree) {
    target = random.nextInt(count(tree));
    return visit(tree, tree);
  }

  private static int count(ObjectMeta tree) {
    return 1 + tree.members().values().stream().mapToInt(TreeMutator::count).sum();
  }

  private ObjectMeta visit(ObjectMeta tree, ObjectMeta root) {
    if (target-- == 0) {
      return changed(tree, root);
    }
    ObjectMeta.Builder copy = ObjectMeta.builder(tree.typeName());
    if (tree.id() != null) {
      copy.id(tree.id());
    }
    tree.fields().forEach((key, value) -> put(copy, key, value));
    tree.members().forEach((key, member) -> copy.member(key, visit(member, root)));
    return copy.build();
  }

  private ObjectMeta changed(ObjectMeta tree, ObjectMeta root) {
    List<String> keys = new ArrayList<>(tree.fields().keySet());
    keys.addAll(tree.members().keySet());
    String chosen = keys.isEmpty() ? "" : keys.get(random.nextInt(keys.size()));
    int how = random.nextInt(6);
    String type = how == 0 || keys.isEmpty() ? pick(TYPES) : tree.typeName();
    ObjectMeta.Builder copy = ObjectMeta.builder(type);
    if (tree.id() != null && how != 1) {
      copy.id(tree.id());
    }
    for (String key : keys) {
      boolean isChosen = key.equals(chosen);
      Object field = tree.fields().get(key);
      if (isChosen && how >= 3) {
        replace(copy, key, field, root);
      } else if (!isChosen || how != 2) {
        keep(copy, key, tree);
      }
    }
    return copy.build();
  }

  private static void keep(ObjectMeta.Builder copy, String key, ObjectMeta tree) {
    Object field = tree.fields().get(key);
    if (field != null) {
      put(copy, key, field);
    } else {
      copy.member(key, tree.member(key));
    }
  }

  private void replace(ObjectMeta.Builder copy, String key, Object field, ObjectMeta root) {
    int how = random.nextInt(8);
    if (how == 0) {
      copy.field(key, 1.5);
    } else if (how == 1 || field == null) {
      copy.member(key, anyOf(root));
    } else if (field instanceof Long || how == 2) {
      copy.field(key, pick(NUMBERS));
    } else {
      copy.field(key, pick(TEXTS));
    }
  }

  private ObjectMeta anyOf(ObjectMeta root) {
    ObjectMeta found = root;
    while (!found.members().isEmpty() && random.nextInt(3) > 0) {
      found = pick(new ArrayList<>(found.members().values()));
    }
    return found;
  }

  private <T> T pick(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  private static void put(ObjectMeta.Builder copy, String key, Object value) {
    if (value instanceof String text) {
      copy.field(key, text);
    } else if (value instanceof Long number) {
      copy.field(key, number);
    } else if (value instanceof Double number) {
      copy.field(key, number);
    } else {
      copy.field(key, (Boolean) value);
    }
  }

  /** Shortens a blob, or changes bytes of it. */
  void mutate(Map<ObjectId, byte[]> blobs) {
    ObjectId id = pick(new ArrayList<>(blobs.keySet()));
    byte[] bytes = blobs.get(id).clone();
    if (bytes.length == 0 || random.nextBoolean()) {
      blobs.put(id, Arrays.copyOf(bytes, random.nextInt(bytes.length + 1)));
      return;
    }
    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    blobs.put(id, bytes);
  }
}
