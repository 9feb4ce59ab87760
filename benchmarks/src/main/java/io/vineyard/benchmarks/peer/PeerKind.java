package io.vineyard.benchmarks.peer;

import io.vineyard.benchmarks.end.Work;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A peer that may be run: how its ends are started.
 *
 * @param name its name
 * @param setup where what serves it runs: in the writer's process, in a server's, or all in one
 *     JVM; or the languages of its ends, with a server
 * @param roles its ends in the order in which they are started; each is told what those before it
 *     said
 * @param command makes the command that starts an end
 * @param warmUp how much of the usual time it needs to get warm, 0 to 1
 * @param mostBytes the most bytes of a round
 * @param reasonsWithout kinds of work that it can't do, each with the reason
 */
public record PeerKind(
    String name,
    String setup,
    List<String> roles,
    Command command,
    double warmUp,
    long mostBytes,
    Map<Work, String> reasonsWithout) {

  /** Makes a command. */
  public interface Command {
    /**
     * Makes the command that starts an end; arguments follow it.
     *
     * @param role which end
     * @throws EndFailedException if it can't run here, saying why
     */
    List<String> make(String role) throws IOException;
  }

  /** Returns the same, which can't do some kinds of work, each with the reason. */
  PeerKind without(Map<Work, String> reasons) {
    return new PeerKind(name, setup, roles, command, warmUp, mostBytes, reasons);
  }

  /** Returns what it is called among others. */
  public String label() {
    return name.equals("ours") ? name + " (" + setup + ")" : name;
  }

  /**
   * Starts its ends; the caller closes them.
   *
   * @throws EndFailedException if it can't run here, saying why
   */
  public Peer start(Workspace workspace) throws IOException, InterruptedException {
    Path folder = workspace.folderOf(name + "-" + setup);
    Peer peer = new Peer(this);
    try {
      for (String role : roles) {
        peer.start(role, command.make(role), folder);
      }
      return peer;
    } catch (EndFailedException e) {
      peer.close();
      throw e;
    }
  }
}
