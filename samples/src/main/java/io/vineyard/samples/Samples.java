package io.vineyard.samples;

import io.vineyard.samples.pipeline.Pipeline;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** Starts the sample that its first argument names; without arguments, lists them. */
@Command(
    name = "samples/run",
    description = "Starts a sample, or lists the samples.",
    subcommands = {
      Quickstart.class,
      Server.class,
      ProducerConsumer.class,
      Pipeline.class,
      Web.class,
      Cluster.class
    })
public final class Samples implements Runnable {
  private final CommandLine commands =
      new CommandLine(this)
          .setParameterExceptionHandler(Samples::onWrongArgument)
          .setExecutionExceptionHandler(Samples::onFailure);

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Shows this.")
  @SuppressWarnings("unused") // It is picocli that asks.
  private boolean help;

  private Samples() {}

  /**
   * Runs one sample and ends this JVM: with 0 if all went well, 2 if an argument is wrong, 1 if the
   * sample failed.
   */
  public static void main(String[] args) {
    System.exit(new Samples().commands.execute(args));
  }

  /** Lists the samples, one line each. */
  @Override
  public void run() {
    commands
        .getSubcommands()
        .forEach((name, sample) -> System.out.printf("%-18s %s%n", name, summary(sample)));
  }

  private static String summary(CommandLine sample) {
    return sample.getCommandSpec().usageMessage().description()[0];
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
            ? "No sample named " + args[0] + ": there are " + names
            : oneLine(error)
                + " ("
                + command.getCommandSpec().qualifiedName()
                + " --help says more)");
    return ExitCode.USAGE;
  }

  private static int onFailure(Exception error, CommandLine sample, ParseResult arguments) {
    if (error instanceof NoSuchFileException missing) {
      System.err.println("No such file: " + missing.getFile());
      return ExitCode.USAGE;
    }
    System.err.println(sample.getCommandName() + " failed: " + oneLine(error));
    return ExitCode.SOFTWARE;
  }

  private static String oneLine(Exception error) {
    String message = error.getMessage();
    return message == null ? error.toString() : message.replaceAll("\\R\\s*", " ");
  }
}
