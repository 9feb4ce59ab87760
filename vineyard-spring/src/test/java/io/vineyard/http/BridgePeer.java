package io.vineyard.http;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.embedded.EmbeddedStore;
import io.vineyard.store.process.ParentLines;
import java.net.URI;

/** One end of a bridge, in a process that is to be killed. */
final class BridgePeer {
  private BridgePeer() {}

  /** Serves an endless stream "flights", or with the URI of one pulls and reads it. */
  public static void main(String[] arguments) throws InterruptedException {
    ObjectStore store = EmbeddedStore.create().open();
    RecordBatchStream stream = BridgeContext.newStream(store, "flights");
    if (arguments.length == 0) {
      BridgeContext.write(stream).whenComplete((done, error) -> ParentLines.say("end " + error));
      ParentLines.say("port " + BridgeContext.serve(store, StreamBridge.create()).port());
    } else {
      StreamBridge.create()
          .pull(URI.create(arguments[0]), stream)
          .subscribe(done -> {}, error -> ParentLines.say("end " + error));
      BridgeContext.Reader.of(stream).take(Integer.parseInt(arguments[1]));
      ParentLines.say("taken");
    }
    ParentLines.haltAtEnd();
    Thread.currentThread().join();
  }
}
