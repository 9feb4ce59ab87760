package io.vineyard.spring;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** What these modules may know of each other, and of others. */
class ArchitectureTest {
  private static final String HTTP = "io.vineyard.http";
  private static final String SPRING = "io.vineyard.spring";
  private static final int PUBLIC_TYPES = 20;

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(HTTP, SPRING);

  @Test
  void bodiesNeedNoSpring() {
    classes()
        .that()
        .resideInAPackage(HTTP)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "com.fasterxml.jackson.core..",
            "io.netty..",
            "org.apache.arrow..",
            "org.jspecify.annotations",
            "org.reactivestreams",
            "org.slf4j",
            "reactor.core..",
            "reactor.netty..",
            "reactor.util..",
            "io.vineyard.reactive",
            "io.vineyard.store",
            "io.vineyard.store.arrow",
            HTTP)
        .check(CLASSES);
  }

  @Test
  void codecsNeedNoSpringBoot() {
    noClasses()
        .that()
        .resideInAPackage(SPRING)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.springframework.boot..", SPRING + ".boot..", "io.micrometer..")
        .check(CLASSES);
  }

  @Test
  void onlyPublicPackagesOfTheOtherModulesAreUsed() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.vineyard.store.attach..",
            "io.vineyard.store.core..",
            "io.vineyard.store.memory..",
            "io.vineyard.store.arrow.format..",
            "io.vineyard.store.arrow.ipc..")
        .check(CLASSES);
  }

  @Test
  void packagesHaveNoCyclesAndAreNullMarked() {
    slices().matching("io.vineyard.(**)").should().beFreeOfCycles().check(CLASSES);
    assertThat(CLASSES.stream().map(JavaClass::getPackage).distinct().toList())
        .hasSize(3)
        .allMatch(found -> found.isAnnotatedWith(NullMarked.class), "is @NullMarked");
  }

  @Test
  void publicTypesStayWithinTheirBudget() {
    assertThat(CLASSES.stream().filter(JavaClass::isTopLevelClass))
        .filteredOn(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
        .hasSizeLessThanOrEqualTo(PUBLIC_TYPES);
  }
}
