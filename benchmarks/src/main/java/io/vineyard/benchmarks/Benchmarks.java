package io.vineyard.benchmarks;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** Starts the benchmark that its first argument names; without arguments, lists them. */
@Command(
    name = "benchmarks/run",
    description = "Starts a benchmark, or lists the benchmarks.",
    subcommands = {
      HandOff.class,
      Pipeline.class,
      Latency.class,
      Scale.class,
      Footprint.class,
      Start.class,
      Soak.class,
      Http.class,
      Bridge.class,
      Micro.class,
      Languages.class,
      VineyardServers.class
    })
public final class Benchmarks implements Runnable {
  private final CommandLine commands =
      new CommandLine(this)
          .setParameterExceptionHandler(Benchmarks::onWrongArgument)
          .setExecutionExceptionHandler(Benchmarks::onFailure);

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Shows this.")
  @SuppressWarnings("unused") // It is picocli that asks.
  private boolean help;

  private Benchmarks() {}

  /**
   * Runs one benchmark and ends this JVM: with 0 if all went well, 2 if an argument is wrong, 1 if
   * a value was wrong, or something leaked or failed.
   */
  public static void main(String[] args) {
    System.exit(execute(args));
  }

  /** Runs one benchmark and returns the exit code. */
  static int execute(String... args) {
    return new Benchmarks().commands.execute(args);
  }

  /** Lists the benchmarks, one line each. */
  @Override
  public void run() {
    commands
        .getSubcommands()
        .forEach((name, command) -> System.out.printf("%-10s %s%n", name, summary(command)));
  }

  private static String summary(CommandLine benchmark) {
    return benchmark.getCommandSpec().usageMessage().description()[0];
  }

  private static int onWrongArgument(ParameterException error, String[] args) {
    CommandLine command = error.getCommandLine();
    boolean wrongName =
        command.getParent() == null
            && error instanceof UnmatchedArgumentException unmatched
            && !unmatched.isUnknownOption();
    String names = String.join(", ", command.getSubcommands().keySet());
    System.err.println(
        wrongName
            ? "No benchmark named " + args[0] + ": there are " + names
            : oneLine(error)
                + " ("
                + command.getCommandSpec().qualifiedName()
                + " --help says more)");
    return ExitCode.USAGE;
  }

  private static int onFailure(Exception error, CommandLine command, ParseResult arguments) {
    System.err.println(command.getCommandName() + " failed: " + oneLine(error));
    return ExitCode.SOFTWARE;
  }

  private static String oneLine(Exception error) {
    String message = error.getMessage();
    return message == null ? error.toString() : message.replaceAll("\\R\\s*", " ");
  }
}
