package io.vineyard.store.core;

import io.vineyard.store.ObjectId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Names of objects and streams, and who waits for a name. */
final class NameTable {
  private record Wait(AttachedClient client, long request) {}

  /** About what a name takes beside its text. */
  private static final long NAME_BYTES = 256;

  private final HeldBytes held;
  private final Map<String, Long> ids = new HashMap<>();
  private final Map<Long, Set<String>> namesOf = new HashMap<>();
  private final Map<String, Map<Wait, Wait>> waits = new HashMap<>();

  /** Run when a name was given. */
  Runnable onNamed = () -> {};

  NameTable(HeldBytes held) {
    this.held = held;
  }

  private static long heldBytes(String name) {
    return NAME_BYTES + name.length();
  }

  int count() {
    return ids.size();
  }

  /** Returns the first names that are accepted, in their order, and what has them. */
  Map<String, ObjectId> list(Predicate<String> accepted, int limit) {
    Map<String, ObjectId> found = new LinkedHashMap<>();
    ids.keySet().stream()
        .filter(accepted)
        .sorted()
        .limit(limit)
        .forEach(name -> found.put(name, new ObjectId(ids.getOrDefault(name, 0L))));
    return found;
  }

  /** Returns a name of what has this id, null if it has none. */
  @Nullable String nameOf(long id) {
    Set<String> names = namesOf.get(id);
    return names == null ? null : names.iterator().next();
  }

  @Nullable Long find(String name) {
    return ids.get(name);
  }

  /** Gives a name, and answers those who waited for it. */
  void put(String name, long id) {
    held.add(heldBytes(name));
    drop(name);
    ids.put(name, id);
    namesOf.computeIfAbsent(id, key -> new HashSet<>()).add(name);
    Map<Wait, Wait> waiting = waits.remove(name);
    if (waiting != null) {
      for (Wait wait : waiting.keySet()) {
        wait.client.nameWaits.remove(wait.request);
        wait.client.done(wait.request, id);
      }
    }
    onNamed.run();
  }

  boolean drop(String name) {
    Long id = ids.remove(name);
    if (id == null) {
      return false;
    }
    held.remove(heldBytes(name));
    Set<String> names = namesOf.get(id);
    if (names != null && names.remove(name) && names.isEmpty()) {
      namesOf.remove(id);
    }
    return true;
  }

  void dropAllOf(long id) {
    Set<String> names = namesOf.remove(id);
    if (names != null) {
      for (String name : names) {
        ids.remove(name);
        held.remove(heldBytes(name));
      }
    }
  }

  void await(String name, AttachedClient client, long request) {
    Wait wait = new Wait(client, request);
    waits.computeIfAbsent(name, key -> new LinkedHashMap<>()).put(wait, wait);
    client.nameWaits.put(request, name);
  }

  void cancel(AttachedClient client, long request) {
    String name = client.nameWaits.remove(request);
    Map<Wait, Wait> waiting = name == null ? null : waits.get(name);
    if (waiting != null) {
      waiting.remove(new Wait(client, request));
      if (waiting.isEmpty()) {
        waits.remove(name);
      }
    }
  }

  void detach(AttachedClient client) {
    List<Long> requests = new ArrayList<>(client.nameWaits.keySet());
    requests.forEach(request -> cancel(client, request));
  }
}
