package io.vineyard.spring.boot;

import io.vineyard.store.VineyardException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says why an application could not start because of its store, and what can be done. */
final class VineyardFailureAnalyzer extends AbstractFailureAnalyzer<VineyardException> {

  @Override
  protected FailureAnalysis analyze(Throwable root, VineyardException cause) {
    return new FailureAnalysis(
        "The Vineyard store could not be used: " + cause.getMessage() + ".", action(cause), cause);
  }

  private static String action(VineyardException cause) {
    return switch (cause.code()) {
      case CONNECTION_FAILED ->
          "Start the store's server, or bind another one, at the path that vineyard.socket says; a"
              + " file there must belong to the user of this application. With"
              + " vineyard.fail-fast=false the application starts without its store and connects"
              + " when it is there; with vineyard.mode=embedded it has one of its own.";
      case TIMEOUT, SERVER_NOT_READY ->
          "See whether the store's server is alive, or set vineyard.connect-timeout higher.";
      case VERSION_MISMATCH -> "Use the same version of vineyard-reactive on both ends.";
      case INVALID ->
          "Correct what the message names: vineyard.socket is the path of a socket of at most 107"
              + " bytes, vineyard.capacity and vineyard.segment-size are sizes like 2GB.";
      case NOT_ENOUGH_MEMORY -> "Lower vineyard.capacity, or free memory on this machine.";
      case UNSUPPORTED -> "Run on Linux, or use vineyard.mode=embedded, which works everywhere.";
      default -> "Correct what the message names; vineyard.mode=embedded starts without a socket.";
    };
  }
}
