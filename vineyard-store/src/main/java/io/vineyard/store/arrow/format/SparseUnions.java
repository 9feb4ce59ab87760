package io.vineyard.store.arrow.format;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.UnionVector;
import org.apache.arrow.vector.types.Types;
import org.apache.arrow.vector.types.Types.MinorType;
import org.apache.arrow.vector.types.UnionMode;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * What the vectors of sparse unions need: they look their children up by the class of their vectors
 * whenever a value is read, and find the wrong one or none of some types.
 */
final class SparseUnions {
  /** These are looked up by the name of their type. */
  private static final Set<MinorType> NAMED =
      EnumSet.of(MinorType.LIST, MinorType.LISTVIEW, MinorType.STRUCT);

  /** These are not found at all. */
  private static final Set<MinorType> LOST =
      EnumSet.of(
          MinorType.LARGELIST,
          MinorType.LARGELISTVIEW,
          MinorType.FIXED_SIZE_LIST,
          MinorType.UNION,
          MinorType.DENSEUNION,
          MinorType.RUNENDENCODED,
          MinorType.EXTENSIONTYPE);

  private SparseUnions() {}

  /** Returns whether a field is one. */
  static boolean isOne(Field field) {
    return field.getType() instanceof ArrowType.Union union && union.getMode() == UnionMode.Sparse;
  }

  /** Refuses fields whose values would come out wrong. */
  static void check(List<Field> fields) {
    for (Field field : fields) {
      if (isOne(field)) {
        checkChildren(field);
      }
      check(field.getChildren());
    }
  }

  private static void checkChildren(Field union) {
    Set<MinorType> seen = EnumSet.noneOf(MinorType.class);
    for (Field child : union.getChildren()) {
      MinorType type = Types.getMinorTypeForArrowType(child.getType());
      boolean isNamed = !NAMED.contains(type) || typeName(type).equals(child.getName());
      if (LOST.contains(type) || !isNamed || !seen.add(type)) {
        throw VineyardException.of(
            ErrorCode.UNSUPPORTED,
            "expected a sparse union of different types that vectors can hold, got " + union);
      }
    }
  }

  private static String typeName(MinorType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }

  /** Refuses them as values of a dictionary, which forgets their type ids. */
  static void checkDictionary(Field values) {
    if (isOne(values)) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED, "expected a dictionary without sparse unions, got " + values);
    }
    values.getChildren().forEach(SparseUnions::checkDictionary);
  }

  /** Has vectors look their children up once by their whole types, which they then remember. */
  static void prepare(FieldVector vector, Field field) {
    List<Field> fields = field.getChildren();
    if (vector instanceof UnionVector union && field.getType() instanceof ArrowType.Union type) {
      for (int i = 0; i < fields.size(); i++) {
        union.getVectorByType(type.getTypeIds()[i], fields.get(i).getType());
      }
    }
    List<FieldVector> children = vector.getChildrenFromFields();
    for (int i = 0; i < fields.size(); i++) {
      prepare(children.get(i), fields.get(i));
    }
  }
}
