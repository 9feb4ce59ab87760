package io.vineyard.test;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** What the kit may bring into the tests of its users, and how much of it is public. */
class ArchitectureTest {
  private static final String ROOT = "io.vineyard.test";
  private static final int PUBLIC_TYPES = 12;

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void kitKnowsOnlyWhatItsUsersHave() {
    classes()
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "org.apache.arrow..",
            "org.assertj.core..",
            "org.jspecify.annotations..",
            "org.junit.jupiter.api..",
            "org.junit.platform.commons.support..",
            "org.reactivestreams..",
            "org.slf4j..",
            "reactor.core..",
            "reactor.test..",
            "io.vineyard.reactive..",
            "io.vineyard.store..",
            ROOT)
        .check(CLASSES);
  }

  @Test
  void publicTypesStayWithinTheirBudget() {
    assertThat(CLASSES.stream().filter(JavaClass::isTopLevelClass))
        .filteredOn(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
        .hasSizeLessThanOrEqualTo(PUBLIC_TYPES);
  }

  @Test
  void packageIsNullMarked() {
    assertThat(CLASSES.stream().map(JavaClass::getPackage).distinct().toList())
        .allMatch(found -> found.isAnnotatedWith(NullMarked.class), "is @NullMarked");
  }
}
