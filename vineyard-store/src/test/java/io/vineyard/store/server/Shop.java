package io.vineyard.store.server;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.process.ParentLines;
import java.nio.file.Path;
import java.time.Duration;

/** A process with a server and a client of it that tries, when told, what takes threads. */
final class Shop {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Path socket;
  private final BoundServer server;
  private final ObjectStore store;

  private Shop(Path socket) {
    this.socket = socket;
    this.server = VineyardServer.create().socket(socket).capacity(16 << 20).bindNow();
    this.store = server.connectNow();
  }

  public static void main(String[] arguments) {
    Shop shop = new Shop(Path.of(arguments[0]));
    ParentLines.say("open");
    for (String line = ParentLines.hear(); line != null; line = ParentLines.hear()) {
      String[] words = line.split(" ", 2);
      ParentLines.say(words[0] + " " + shop.outcome(words));
    }
    shop.store.close();
    shop.server.disposeNow(PATIENCE);
  }

  private String outcome(String[] words) {
    try {
      return attempt(words);
    } catch (VineyardException e) {
      return e.code() + " " + e.getMessage();
    }
  }

  private String attempt(String[] words) {
    switch (words[0]) {
      case "client" -> VineyardClient.create().socket(socket).connectNow().close();
      case "connect" -> VineyardClient.create().socket(Path.of(words[1])).connectNow().close();
      case "server" ->
          VineyardServer.create().socket(Path.of(socket + "2")).bindNow().disposeNow(PATIENCE);
      case "blob" -> store.createBlob(1000).block(PATIENCE).abort();
      default -> {
        return server.status().block(PATIENCE).usedBytes() + " bytes";
      }
    }
    return "done";
  }
}
