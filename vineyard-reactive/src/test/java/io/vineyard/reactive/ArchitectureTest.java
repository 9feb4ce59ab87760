package io.vineyard.reactive;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** What the streams may know of the store, and how much of them is public. */
class ArchitectureTest {
  private static final String ROOT = "io.vineyard.reactive";
  private static final String METERS = ROOT + ".micrometer";
  private static final int PUBLIC_TYPES = 12;
  private static final int PUBLIC_TYPES_OF_METERS = 2;
  private static final int FILES_PER_PACKAGE = 25;

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void streamsKnowOnlyTheContractReactorAndArrow() {
    classes()
        .that()
        .resideInAPackage(ROOT + "..")
        .and()
        .resideOutsideOfPackage(METERS)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "org.apache.arrow..",
            "org.jspecify.annotations..",
            "org.reactivestreams..",
            "org.slf4j..",
            "reactor.core..",
            "reactor.util..",
            "io.vineyard.store",
            "io.vineyard.store.arrow..",
            ROOT)
        .check(CLASSES);
  }

  /** Whoever has no Micrometer must not meet it; so only these classes know it. */
  @Test
  void metersKnowMicrometerAndWhatListenersKnow() {
    classes()
        .that()
        .resideInAPackage(METERS)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "io.micrometer..",
            "org.jspecify.annotations..",
            "org.slf4j..",
            "reactor.core..",
            "reactor.util..",
            "io.vineyard.store",
            "io.vineyard.store.arrow",
            ROOT,
            METERS)
        .check(CLASSES);
  }

  @Test
  void packagesHaveNoCycles() {
    slices()
        .matching("io.vineyard.(**)")
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @Test
  void everyPackageIsNullMarked() {
    assertThat(CLASSES.stream().map(JavaClass::getPackage).distinct().toList())
        .allMatch(found -> found.isAnnotatedWith(NullMarked.class), "is @NullMarked");
  }

  @Test
  void publicTypesStayWithinTheirBudget() {
    hasPublicTypes(ROOT, PUBLIC_TYPES);
    hasPublicTypes(METERS, PUBLIC_TYPES_OF_METERS);
  }

  private static void hasPublicTypes(String name, int most) {
    assertThat(
            CLASSES.stream()
                .filter(JavaClass::isTopLevelClass)
                .filter(type -> type.getPackageName().equals(name)))
        .isNotEmpty()
        .hasSizeLessThanOrEqualTo(FILES_PER_PACKAGE)
        .filteredOn(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
        .hasSizeLessThanOrEqualTo(most);
  }
}
