package io.vineyard.store.server.json;

import io.vineyard.store.ObjectId;
import io.vineyard.store.ring.Descriptor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A chunk that a client has published, an object or blob. */
final class Outgoing {
  private final ObjectId id;
  private final Runnable onReclaimed;
  private @Nullable Descriptor form;
  private @Nullable Runnable alsoReclaimed;
  private boolean over;

  /**
   * Makes a chunk whose form is still to come.
   *
   * @param id the object or blob that it is
   * @param onReclaimed told when no reader will come for it, or the last has released it
   */
  Outgoing(ObjectId id, Runnable onReclaimed) {
    this.id = id;
    this.onReclaimed = onReclaimed;
  }

  ObjectId id() {
    return id;
  }

  boolean isReady() {
    return form != null;
  }

  /** Returns what readers of our dialect make of it. */
  Descriptor form() {
    return Objects.requireNonNull(form, "form");
  }

  /**
   * Sets the form.
   *
   * @param reclaimed frees what the form takes
   */
  void form(Descriptor value, Runnable reclaimed) {
    form = value;
    alsoReclaimed = reclaimed;
    if (over) {
      reclaimed.run();
    }
  }

  void reclaimed() {
    over = true;
    if (alsoReclaimed != null) {
      alsoReclaimed.run();
    }
    onReclaimed.run();
  }
}
