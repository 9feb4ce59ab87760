package io.vineyard.samples.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** What a person sees of the page, in a browser of this machine, if it has one. */
class PageIT {
  /** How many colours a picture has. */
  private static final String COLOURS =
      """
      const canvas = document.getElementById(arguments[0]);
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
      """;

  private static final double MUCH = 100;

  private static RunningApp app;
  private static ChromeDriver browser;

  @BeforeAll
  static void openBrowser() {
    Optional<Path> chromium = onPath("chromium", "google-chrome");
    Optional<Path> driver = onPath("chromedriver");
    assumeThat(chromium).as("chromium or google-chrome on the PATH").isPresent();
    assumeThat(driver).as("chromedriver on the PATH").isPresent();
    app = new RunningApp();
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.orElseThrow().toString());
    options.setCapability("goog:loggingPrefs", logs);
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,860");
    // a path of its own, so that nothing is looked for elsewhere
    var service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(driver.orElseThrow().toFile())
            .usingAnyFreePort()
            .build();
    browser = new ChromeDriver(service, options);
  }

  @AfterAll
  static void closeBrowser() {
    if (browser != null) {
      browser.quit();
    }
    if (app != null) {
      app.close();
    }
  }

  private static Optional<Path> onPath(String... names) {
    return Arrays.stream(System.getenv("PATH").split(":", -1))
        .flatMap(folder -> Arrays.stream(names).map(name -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  @Test
  void whatThePageDoesReachesTheProducer() {
    browser.get(app.url());
    awaitState("running");
    awaitText("pid", Long.toString(app.producer().pid()));
    RunningApp.await("much of the producer", () -> number("producer-rate") > MUCH);
    assertThat(colours("density")).isGreaterThan(50);
    assertThat(colours("rates")).isGreaterThan(5);
    assertThat(number("mean-distance")).isBetween(700.0, 760.0);

    limitTo("5 batches a second");
    awaitState("slowed");
    RunningApp.await("little of the producer", () -> number("producer-rate") < MUCH / 2);
    RunningApp.await("a full window", () -> number("window-used") == number("window-size"));

    press("pause");
    awaitState("paused");
    RunningApp.await("nothing of the producer", () -> number("producer-rate") == 0);
    double rows = number("rows");
    press("pause");
    awaitState("slowed");
    RunningApp.await("more rows", () -> number("rows") > rows);

    long lost = app.producer().pid();
    app.killProducer();
    awaitState("lost");
    assertThat(text("state")).contains("Process " + lost + " was killed by signal 9");
    press("again");
    awaitState("slowed");
    awaitText("pid", Long.toString(app.producer().pid()));
    assertThat(app.producer().pid()).isNotEqualTo(lost);
    assertThat(complaints()).allMatch(line -> line.contains("ERR_INCOMPLETE_CHUNKED_ENCODING"));
  }

  @Test
  void onePassIsAllFlights() {
    browser.get(app.url() + "/?repeat=1");
    awaitState("ended");
    assertThat(text("state")).contains("200,000 flights");
    assertThat(text("rows")).isEqualTo("200,000");
    assertThat(text("mean-delay")).isEqualTo("7.50");
    assertThat(text("mean-distance")).isEqualTo("729.2");
    assertThat(complaints()).isEmpty();
  }

  @Test
  void narrowScreenNeedsNoScrollingAside() {
    browser.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", 320, "height", 640, "deviceScaleFactor", 2, "mobile", true));
    try {
      browser.get(app.url() + "/?repeat=1");
      awaitState("ended");
      assertThat(browser.executeScript("return document.documentElement.scrollWidth"))
          .isEqualTo(320L);
    } finally {
      browser.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
    }
  }

  /** Moves the slider as somebody without a mouse does. */
  private void limitTo(String text) {
    WebElement slider = browser.findElement(By.id("limit"));
    slider.sendKeys(Keys.HOME);
    assertThat(text("limit-text")).isEqualTo("1 batch a second");
    slider.sendKeys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT);
    awaitText("limit-text", text);
  }

  private void press(String id) {
    browser.findElement(By.id(id)).sendKeys(Keys.SPACE);
  }

  private void awaitState(String state) {
    try {
      RunningApp.await(
          "the state " + state,
          () -> state.equals(browser.findElement(By.id("state")).getDomAttribute("data-state")));
    } catch (AssertionError late) {
      String page =
          "%s, %s rows, process %s, %s of %s in the window, %s"
              .formatted(
                  text("state"),
                  text("rows"),
                  text("pid"),
                  text("window-used"),
                  text("window-size"),
                  complaints());
      String server = "%s, %s".formatted(app.producer(), app.status());
      throw new AssertionError(
          late.getMessage() + "; the page says: " + page + "; the server: " + server, late);
    }
  }

  private void awaitText(String id, String text) {
    RunningApp.await("the text " + text + " of " + id, () -> text(id).equals(text));
  }

  private String text(String id) {
    return browser.findElement(By.id(id)).getText();
  }

  private double number(String id) {
    return Double.parseDouble(text(id).replace(",", ""));
  }

  private long colours(String canvas) {
    return (Long) browser.executeScript(COLOURS, canvas);
  }

  private List<String> complaints() {
    return browser.manage().logs().get(LogType.BROWSER).getAll().stream()
        .map(LogEntry::getMessage)
        .toList();
  }
}
