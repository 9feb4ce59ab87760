package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.core.Hosting;
import io.vineyard.store.message.Event;
import io.vineyard.store.protocol.json.Labels;
import io.vineyard.store.protocol.json.Reply;
import io.vineyard.store.protocol.json.Request;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** What requests for objects and names do, and those that ask about the instance. */
final class ObjectRules {
  private static final int MOST_AWAITED = 64;
  private static final String GLOBAL = "global";
  private static final String PARAMS = "params_";
  private static final String NAME = "__name";

  /** What a client says of an object that is for the server to say. */
  private static final Set<String> SERVERS_OWN = Set.of("instance_id", "__timestamp", NAME);

  private final VineyardHost host;
  private final Hosting hosting;
  private final Session session;

  ObjectRules(VineyardHost host, Session session) {
    this.host = host;
    this.hosting = host.hosting();
    this.session = session;
  }

  /** Carries a request out; says whether it was one of these. */
  boolean handle(Request request) {
    if (request instanceof Request.CreateData one) {
      session.reply(createChecked(checked(one.content())));
    } else if (request instanceof Request.CreateDatas one) {
      List<ObjectMeta> checked = one.contents().stream().map(this::checked).toList();
      session.reply(new Reply.DatasCreated(checked.stream().map(this::createChecked).toList()));
    } else if (request instanceof Request.GetData one) {
      get(one);
    } else if (request instanceof Request.ListData one) {
      list(one);
    } else if (request instanceof Request.DeleteData one) {
      delete(one);
    } else if (request instanceof Request.Exists one) {
      session.reply(new Reply.Truth(Request.Exists.class, exists(one.id())));
    } else if (request instanceof Request.Persist one) {
      persist(one);
    } else if (request instanceof Request.IfPersist one) {
      ifPersist(one);
    } else if (request instanceof Request.Label one) {
      label(one);
    } else if (request instanceof Request.Clear) {
      host.clear();
      host.trim();
      session.done(request);
    } else if (request instanceof Request.MemoryTrim) {
      session.reply(new Reply.Truth(Request.MemoryTrim.class, host.trim()));
    } else {
      return handleMore(request);
    }
    return true;
  }

  private boolean handleMore(Request request) {
    if (request instanceof Request.PutName one) {
      putName(one);
    } else if (request instanceof Request.GetName one) {
      getName(one);
    } else if (request instanceof Request.ListName one) {
      int limit = (int) Math.min(Integer.MAX_VALUE, one.limit());
      session.reply(
          new Reply.Names(hosting.names(Patterns.of(one.pattern(), one.isRegex()), limit)));
    } else if (request instanceof Request.DropName one) {
      hosting.dropName(one.name());
      session.done(request);
    } else if (request instanceof Request.ClusterMeta) {
      session.reply(new Reply.Cluster(List.of(instance())));
    } else if (request instanceof Request.InstanceStatus) {
      session.reply(status());
    } else if (request instanceof Request.Migrate one) {
      migrate(one);
    } else if (request instanceof Request.ShallowCopy one) {
      copy(one);
    } else {
      return false;
    }
    return true;
  }

  private static VineyardException missing(ErrorCode code, ObjectId id) {
    return VineyardException.of(code, "expected an object, object " + id + " does not exist");
  }

  // Creating.

  private ObjectMeta checked(ObjectMeta content) {
    check(content);
    return resolve(content);
  }

  private Reply.DataCreated createChecked(ObjectMeta content) {
    ObjectMeta created = hosting.create(content);
    ObjectId id = created.requireId();
    Object signature = created.fields().get("signature");
    return new Reply.DataCreated(
        id, signature instanceof Long given ? given : id.value(), VineyardHost.INSTANCE);
  }

  private void check(ObjectMeta content) {
    if (content.isReference()) {
      throw VineyardException.of(
          ErrorCode.META_TREE_INVALID, "expected a \"typename\" of a new object, got none");
    }
    if (content.typeName().equals(ObjectMeta.BLOB)) {
      throw VineyardException.of(
          ErrorCode.ASSERTION_FAILED, "expected metadata of an object, got that of a blob");
    }
    if (!content.fields().containsKey("instance_id")) {
      throw VineyardException.of(
          ErrorCode.ASSERTION_FAILED, "expected an \"instance_id\" of a new object, got none");
    }
    if (isGlobal(content) && content.members().values().stream().anyMatch(this::isGlobalMember)) {
      throw VineyardException.of(
          ErrorCode.GLOBAL_OBJECT_INVALID,
          "expected members that are not global, got a global one");
    }
  }

  private static boolean isGlobal(ObjectMeta meta) {
    return Boolean.TRUE.equals(meta.fields().get(GLOBAL));
  }

  private boolean isGlobalMember(ObjectMeta member) {
    ObjectId id = member.id();
    ObjectMeta known = id == null ? null : hosting.meta(id);
    return isGlobal(known == null ? member : known);
  }

  /** Returns a tree in which members that exist are references; those that don't are new. */
  private ObjectMeta resolve(ObjectMeta content) {
    Map<String, Object> fields = new LinkedHashMap<>(content.fields());
    fields.keySet().removeAll(SERVERS_OWN);
    Map<String, ObjectMeta> members = new LinkedHashMap<>();
    content.members().forEach((name, member) -> members.put(name, resolveMember(name, member)));
    return ObjectMeta.builder(content.typeName()).fields(fields).members(members).build();
  }

  private ObjectMeta resolveMember(String name, ObjectMeta member) {
    ObjectId id = member.id();
    if (id == null || (!id.isBlob() && !hosting.exists(id) && !member.isReference())) {
      return resolve(member);
    }
    if (id.isBlob() && member.isReference()) {
      throw VineyardException.of(
          ErrorCode.META_TREE_INVALID,
          "expected blob " + id + " with its \"typename\" as member \"" + name + "\"");
    }
    if (!id.equals(ObjectId.EMPTY_BLOB) && !hosting.exists(id)) {
      throw missing(
          id.isBlob() ? ErrorCode.OBJECT_NOT_EXISTS : ErrorCode.META_TREE_SUBTREE_NOT_EXISTS, id);
    }
    return ObjectMeta.reference(id);
  }

  void createStream(Request.CreateStream request) {
    ObjectMeta meta = hosting.meta(request.id());
    StreamSpec spec = StreamSpec.create().windowBytes(hosting.limits().capacityBytes());
    session.parked(() -> {});
    host.createStream(
        request.id(),
        meta == null ? spec : spec.typeName(meta.typeName()),
        failure -> {
          if (failure == null) {
            session.done(request);
          } else {
            session.unparked(Session.failed(failure));
          }
        });
  }

  // Reading.

  private void get(Request.GetData request) {
    if (request.waits() && request.ids().size() > MOST_AWAITED) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected to wait for at most " + MOST_AWAITED + " objects, got " + request.ids().size());
    }
    LongConsumer cost = hosting.replyCost();
    Map<ObjectId, ObjectMeta> found = find(request.ids(), cost);
    if (!request.waits() || found.size() == Set.copyOf(request.ids()).size()) {
      replyShown(found, cost);
      return;
    }
    wait(
        () -> {
          Map<ObjectId, ObjectMeta> now = find(request.ids(), hosting.replyCost());
          return now.size() == Set.copyOf(request.ids()).size() ? new Reply.Data(now) : null;
        });
  }

  /** Replies with metadata in which batches of clients of our dialect look like Vineyard's. */
  private void replyShown(Map<ObjectId, ObjectMeta> found, LongConsumer cost) {
    List<ObjectMeta> ours = found.values().stream().filter(StoredViews::isShown).toList();
    if (ours.isEmpty()) {
      session.reply(new Reply.Data(found));
      return;
    }
    Showing showing = new Showing(ours, found, cost);
    session.parked(showing::withdraw);
    showing.next();
  }

  /** Shows one batch after the other, in a loop: there may be many, and most take no time. */
  private final class Showing {
    private final Iterator<ObjectMeta> ours;
    private final Map<ObjectId, ObjectMeta> found;
    private final LongConsumer cost;
    private @Nullable VineyardException refusal;
    private boolean isShown;
    private boolean showsNow;
    private boolean withdrawn;

    Showing(List<ObjectMeta> ours, Map<ObjectId, ObjectMeta> found, LongConsumer cost) {
      this.ours = ours.iterator();
      this.cost = cost;
      this.found = found;
    }

    void withdraw() {
      withdrawn = true;
    }

    void next() {
      while (ours.hasNext() && !withdrawn && refusal == null) {
        ObjectMeta one = ours.next();
        isShown = false;
        showsNow = true;
        host.chunks().stored().show(one, view -> shown(one, view));
        showsNow = false;
        if (!isShown) {
          return;
        }
      }
      session.unparked(refusal == null ? new Reply.Data(found) : Session.failed(refusal));
    }

    private void shown(ObjectMeta one, ObjectMeta view) {
      isShown = true;
      try {
        cost.accept(Hosting.metaBytes(view));
        found.put(one.requireId(), withServersOwn(view));
      } catch (VineyardException e) {
        refusal = e; // it must not look like one of the view
      }
      if (!showsNow) {
        next();
      }
    }
  }

  /** Something that there may be an answer to. */
  private interface Answer {
    @Nullable Reply get();
  }

  private void wait(Answer answer) {
    Runnable[] look = new Runnable[1];
    look[0] =
        () -> {
          Reply reply;
          try {
            reply = answer.get();
          } catch (VineyardException e) {
            reply = Session.failed(e);
          }
          if (reply != null) {
            host.endWait(look[0]);
            session.unparked(reply);
          }
        };
    host.await(look[0]);
    session.parked(() -> host.endWait(look[0]));
  }

  private Map<ObjectId, ObjectMeta> find(List<ObjectId> ids, LongConsumer cost) {
    Map<ObjectId, ObjectMeta> found = new LinkedHashMap<>();
    for (ObjectId id : ids) {
      cost.accept(hosting.metaBytes(id));
      ObjectMeta meta = hosting.meta(id);
      if (meta != null) {
        found.put(id, withServersOwn(meta));
      }
    }
    return found;
  }

  /**
   * Returns metadata with what Vineyard keeps in it: a name, and parameters of a stream, which one
   * that a client of our dialect has made does not have.
   */
  private ObjectMeta withServersOwn(ObjectMeta meta) {
    ObjectId id = meta.requireId();
    String name = hosting.nameOf(id);
    boolean lacksParams = hosting.stream(id) != null && !meta.fields().containsKey(PARAMS);
    if (name == null && !lacksParams) {
      return meta;
    }
    ObjectMeta.Builder shown = meta.toBuilder();
    if (name != null && !meta.fields().containsKey(NAME)) {
      shown.field(NAME, name);
    }
    return (lacksParams ? shown.field(PARAMS, "{}") : shown).build();
  }

  private void list(Request.ListData request) {
    Map<ObjectId, ObjectMeta> found = new LinkedHashMap<>();
    int limit = (int) Math.min(Integer.MAX_VALUE, request.limit());
    var types = Patterns.of(request.pattern(), request.isRegex());
    var blobs = Patterns.of(request.pattern(), false);
    hosting.list(
        type -> type.equals(ObjectMeta.BLOB) ? blobs.test(type) : types.test(type),
        limit,
        meta -> found.put(meta.requireId(), withServersOwn(meta)));
    session.reply(new Reply.Data(found));
  }

  private boolean exists(ObjectId id) {
    return !id.equals(ObjectId.EMPTY_BLOB) && (hosting.exists(id) || host.open(id) != null);
  }

  // Changing.

  private void delete(Request.DeleteData request) {
    List<ObjectId> gone = new ArrayList<>();
    for (ObjectId id : request.ids()) {
      OpenBlob unsealed = host.open(id);
      if (unsealed != null) {
        unsealed.abort();
        gone.add(id);
      } else if (host.hasStream(id)) {
        host.dropStream(id);
      }
    }
    gone.addAll(hosting.delete(request.ids(), request.force(), request.deep()));
    if (request.trim()) {
      host.trim();
    }
    if (request.feedback()) {
      session.reply(new Reply.Deleted(gone));
    } else {
      session.done(request);
    }
  }

  private void persist(Request.Persist request) {
    checkNoBlob(request.id(), ErrorCode.ASSERTION_FAILED);
    if (!hosting.exists(request.id())) {
      throw missing(ErrorCode.META_TREE_SUBTREE_NOT_EXISTS, request.id());
    }
    hosting.persist(request.id());
    session.done(request);
  }

  private static void checkNoBlob(ObjectId id, ErrorCode code) {
    if (id.isBlob()) {
      throw VineyardException.of(code, "expected an object, " + id + " is a blob");
    }
  }

  private void ifPersist(Request.IfPersist request) {
    ObjectMeta meta = hosting.meta(request.id());
    if (meta == null) {
      throw missing(ErrorCode.META_TREE_SUBTREE_NOT_EXISTS, request.id());
    }
    session.reply(
        new Reply.Truth(Request.IfPersist.class, !request.id().isBlob() && meta.isPersistent()));
  }

  private void label(Request.Label request) {
    ObjectMeta meta = hosting.meta(request.id());
    if (meta == null || request.id().isBlob()) {
      throw missing(ErrorCode.OBJECT_NOT_EXISTS, request.id());
    }
    Object before = meta.fields().get(Labels.FIELD);
    hosting.setField(
        request.id(),
        Labels.FIELD,
        Labels.merged(before instanceof String text ? text : "{}", request.labels()));
    session.done(request);
  }

  private void copy(Request.ShallowCopy request) {
    checkNoBlob(request.id(), ErrorCode.ASSERTION_FAILED);
    ObjectMeta meta = hosting.meta(request.id());
    if (meta == null) {
      throw missing(ErrorCode.META_TREE_SUBTREE_NOT_EXISTS, request.id());
    }
    Map<String, ObjectMeta> members = new LinkedHashMap<>();
    meta.members()
        .forEach((name, member) -> members.put(name, ObjectMeta.reference(member.requireId())));
    Map<String, Object> fields = new LinkedHashMap<>(meta.fields());
    fields.putAll(request.extra().fields());
    ObjectMeta copy = ObjectMeta.builder(meta.typeName()).fields(fields).members(members).build();
    session.reply(new Reply.Copied(hosting.create(copy).requireId()));
  }

  private void migrate(Request.Migrate request) {
    checkNoBlob(request.id(), ErrorCode.INVALID);
    if (!hosting.exists(request.id())) {
      throw missing(ErrorCode.META_TREE_SUBTREE_NOT_EXISTS, request.id());
    }
    session.reply(new Reply.Migrated(request.id()));
  }

  // Names.

  private void putName(Request.PutName request) {
    checkNoBlob(request.id(), ErrorCode.INVALID);
    ObjectMeta meta = hosting.meta(request.id());
    if (meta == null) {
      throw missing(ErrorCode.OBJECT_NOT_EXISTS, request.id());
    }
    boolean isStream = hosting.stream(request.id()) != null;
    if (!meta.isPersistent() && !isStream) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected an object that is persisted, object " + request.id() + " is transient");
    }
    hosting.putName(request.id(), request.name());
    session.done(request);
  }

  private void getName(Request.GetName request) {
    ObjectId id = hosting.findName(request.name());
    if (id != null) {
      session.reply(new Reply.Named(id));
    } else if (request.waits()) {
      wait(
          () -> {
            ObjectId now = hosting.findName(request.name());
            return now == null ? null : new Reply.Named(now);
          });
    } else {
      throw VineyardException.of(
          ErrorCode.OBJECT_NOT_EXISTS,
          "expected a name that is known, got \"" + request.name() + "\"");
    }
  }

  // The instance.

  private Reply.Instance instance() {
    final int secondsShift = 32;
    return new Reply.Instance(
        VineyardHost.INSTANCE,
        host.hostName(),
        host.hostName(),
        "0.0.0.0:0",
        host.socket(),
        host.nowSeconds() << secondsShift);
  }

  private Reply status() {
    return new Reply.Status(
        VineyardHost.INSTANCE,
        "local",
        host.memoryUsage(),
        hosting.limits().capacityBytes(),
        host.waiting(),
        host.core().clients(),
        0);
  }

  /** Takes an event for the client itself. */
  void event(Event event) {
    // Nothing is asked for in the name of the client alone.
  }
}
