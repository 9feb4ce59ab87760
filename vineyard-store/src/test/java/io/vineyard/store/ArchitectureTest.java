package io.vineyard.store;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** Who may know whom in the store, and how much of it is public. */
class ArchitectureTest {
  private static final String ROOT = "io.vineyard.store";
  private static final Set<String> PUBLIC_PACKAGES =
      Set.of(ROOT, ROOT + ".server", ROOT + ".client", ROOT + ".embedded", ROOT + ".arrow");
  private static final int PUBLIC_TYPES = 35;
  private static final int FILES_PER_PACKAGE = 25;

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void contractKnowsNoneOfItsImplementations() {
    only(ROOT, ROOT);
  }

  @Test
  void memoryKnowsOnlyTheContract() {
    only(ROOT + ".memory..", ROOT, ROOT + ".memory..");
  }

  @Test
  void ringsKnowOnlyTheContract() {
    only(ROOT + ".ring..", ROOT, ROOT + ".ring..");
  }

  @Test
  void messagesKnowNeitherTablesNorTransports() {
    only(ROOT + ".message..", ROOT, ROOT + ".message..", ROOT + ".memory..");
  }

  @Test
  void tablesKnowNoTransport() {
    only(
        ROOT + ".core..",
        ROOT,
        ROOT + ".core..",
        ROOT + ".message..",
        ROOT + ".ring..",
        ROOT + ".memory..");
  }

  @Test
  void attachedClientsKnowNoTransport() {
    only(
        ROOT + ".attach..",
        ROOT,
        ROOT + ".attach..",
        ROOT + ".core..",
        ROOT + ".message..",
        ROOT + ".ring..",
        ROOT + ".memory..");
  }

  @Test
  void dialectsKnowOnlyMessages() {
    only(ROOT + ".protocol..", ROOT, ROOT + ".protocol..", ROOT + ".message..", ROOT + ".memory..");
  }

  @Test
  void arrowLayoutsKnowOnlyTheContractAndMemory() {
    only(ROOT + ".arrow..", ROOT, ROOT + ".arrow..", ROOT + ".memory..");
  }

  @Test
  void nobodyKnowsTheEntryPoints() {
    for (String entryPoint : List.of(".server..", ".client..", ".embedded..")) {
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + entryPoint)
          .should()
          .dependOnClassesThat()
          .resideInAPackage(ROOT + entryPoint)
          .allowEmptyShould(true)
          .check(CLASSES);
    }
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("io.vineyard.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void librariesStayWhereTheyBelong() {
    onlyIn("io.netty..", ROOT + ".server..", ROOT + ".client..", ROOT + ".protocol..");
    onlyIn("com.fasterxml.jackson..", ROOT + ".protocol.json..", ROOT + ".arrow.vineyard..");
    onlyIn("tools.jackson..", ROOT + ".protocol.json..");
    onlyIn("org.apache.arrow..", ROOT + ".arrow..");
    onlyIn("com.sun.jna..", ROOT + ".memory..");
  }

  @Test
  void memoryTablesAndMessagesAreNotReactive() {
    noClasses()
        .that()
        .resideInAnyPackage(
            ROOT + ".memory..", ROOT + ".ring..", ROOT + ".core..", ROOT + ".message..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("reactor..", "org.reactivestreams..")
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @Test
  void everyPackageIsNullMarked() {
    assertThat(CLASSES.stream().map(JavaClass::getPackage).distinct().toList())
        .isNotEmpty()
        .allMatch(found -> found.isAnnotatedWith(NullMarked.class), "is @NullMarked");
  }

  @Test
  void packagesStaySmall() {
    Map<JavaPackage, Long> files =
        CLASSES.stream()
            .filter(JavaClass::isTopLevelClass)
            .collect(groupingBy(JavaClass::getPackage, counting()));
    assertThat(files)
        .allSatisfy((name, count) -> assertThat(count).isLessThanOrEqualTo(FILES_PER_PACKAGE));
  }

  @Test
  void publicTypesStayWithinTheirBudget() {
    assertThat(
            CLASSES.stream()
                .filter(type -> PUBLIC_PACKAGES.contains(type.getPackageName()))
                .filter(JavaClass::isTopLevelClass)
                .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC)))
        .hasSizeLessThanOrEqualTo(PUBLIC_TYPES);
  }

  private static void only(String subject, String... known) {
    classes()
        .that()
        .resideInAPackage(subject)
        .should()
        .onlyDependOnClassesThat(resideOutsideOfPackage(ROOT + "..").or(resideInAnyPackage(known)))
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  private static void onlyIn(String library, String... packages) {
    noClasses()
        .that()
        .resideOutsideOfPackages(packages)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(library)
        .allowEmptyShould(true)
        .check(CLASSES);
  }
}
