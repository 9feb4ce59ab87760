package io.vineyard.store.memory;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Tells a test kit what users take and give back, so that it can name what was left. Without one,
 * each place that tells reads one field, and does nothing.
 *
 * <p>The field is not volatile: whoever sets it does so before the stores that it is to hear of.
 */
public final class Tracking {
  private static @Nullable Witness witness;

  private Tracking() {}

  /** Who is told; called by any thread, with locks held, so it must neither block nor call back. */
  public interface Witness {
    /** Returns where the calling thread is, in a form that only the witness reads. */
    Object here();

    /**
     * Something was taken, and is to be given back.
     *
     * @param key stands for the thing until it is given back; does not keep the thing reachable,
     *     unless it is the thing
     * @param thing what the user got; may be kept if it is the key
     * @param store what the store calls itself in messages; empty if no store is known
     * @param origin where it was asked for, as {@link #here} told, or the thing that it came out
     *     of; null for here and now
     */
    void taken(Object key, Object thing, String store, @Nullable Object origin);

    /** It was given back. */
    void returned(Object key);

    /** It was not given back, and the collector has found it. */
    void lost(Object key);
  }

  /** Sets who is told, for good. */
  public static void tell(Witness listener) {
    witness = Objects.requireNonNull(listener, "listener");
  }

  /** Returns whether anybody is told. */
  public static boolean isOn() {
    return witness != null;
  }

  /** Returns where the calling thread is; null if nobody is told. */
  public static @Nullable Object here() {
    Witness told = witness;
    return told == null ? null : told.here();
  }

  /** Tells that something was taken; see {@link Witness#taken}. */
  public static void taken(Object key, Object thing, String store, @Nullable Object origin) {
    Witness told = witness;
    if (told != null) {
      told.taken(key, thing, store, origin);
    }
  }

  /** Tells that something was given back. */
  public static void returned(Object key) {
    Witness told = witness;
    if (told != null) {
      told.returned(key);
    }
  }

  /** Tells that something was lost. */
  public static void lost(Object key) {
    Witness told = witness;
    if (told != null) {
      told.lost(key);
    }
  }
}
