package io.vineyard.store.protocol.json;

import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import java.util.List;
import java.util.Map;

/** What a client of Vineyard's dialect asks for. */
public sealed interface Request {

  /**
   * Who the client is; the first request of a connection.
   *
   * @param storeType 1 for a store of objects
   * @param binaryVersion the highest version of our binary dialect that the client speaks too, 0 if
   *     it does not
   */
  record Register(String version, int storeType, long session, int binaryVersion)
      implements Request {}

  /** The client goes; there is no reply. */
  record Exit() implements Request {}

  /** Wants memory for a blob. */
  record CreateBuffer(long sizeBytes) implements Request {}

  /** Wants memory for several blobs, or none. */
  record CreateBuffers(List<Long> sizes) implements Request {}

  /** A blob is complete. */
  record Seal(ObjectId blob) implements Request {}

  /** An unsealed blob is to become shorter. */
  record ShrinkBuffer(ObjectId blob, long sizeBytes) implements Request {}

  /** A blob is not wanted. */
  record DropBuffer(ObjectId blob) implements Request {}

  /** Wants to read blobs; those that don't exist are left out. */
  record GetBuffers(List<ObjectId> blobs, boolean mayBeUnsealed) implements Request {}

  /** Holds blobs that it did not ask for. */
  record IncreaseReferences(List<ObjectId> blobs) implements Request {}

  /** Holds a blob no more. */
  record Release(ObjectId blob) implements Request {}

  /** Creates an object. */
  record CreateData(ObjectMeta content) implements Request {}

  /** Creates objects, or none. */
  record CreateDatas(List<ObjectMeta> contents) implements Request {}

  /** Wants metadata; what does not exist is left out, or waited for. */
  record GetData(List<ObjectId> ids, boolean syncRemote, boolean waits) implements Request {}

  /** Wants the metadata of objects with a type name. */
  record ListData(String pattern, boolean isRegex, long limit) implements Request {}

  /**
   * Deletes objects and blobs.
   *
   * @param force also what they are members of
   * @param deep also their members
   * @param trim give memory back to the system
   * @param feedback whether the reply says which blobs went
   */
  record DeleteData(List<ObjectId> ids, boolean force, boolean deep, boolean trim, boolean feedback)
      implements Request {}

  /** Whether there is an object or blob. */
  record Exists(ObjectId id) implements Request {}

  /** Makes an object visible to other instances. */
  record Persist(ObjectId id) implements Request {}

  /** Whether an object is visible to other instances. */
  record IfPersist(ObjectId id) implements Request {}

  /** Adds labels to an object. */
  record Label(ObjectId id, Map<String, String> labels) implements Request {}

  /** Deletes everything. */
  record Clear() implements Request {}

  /** Gives memory back to the system. */
  record MemoryTrim() implements Request {}

  /** Names an object. */
  record PutName(ObjectId id, String name) implements Request {}

  /** Wants what has a name, perhaps once there is one. */
  record GetName(String name, boolean waits) implements Request {}

  /** Wants the names of a pattern. */
  record ListName(String pattern, boolean isRegex, long limit) implements Request {}

  /** Takes a name away. */
  record DropName(String name) implements Request {}

  /** Makes a stream under the id of an object. */
  record CreateStream(ObjectId id) implements Request {}

  /** Opens a stream: bit 0 to read, bit 1 to write. */
  record OpenStream(ObjectId id, int mode) implements Request {}

  /** Wants memory for the next chunk of a stream, and publishes the one it had. */
  record NextChunk(ObjectId stream, long sizeBytes) implements Request {}

  /** Publishes an object or blob as chunk. */
  record PushChunk(ObjectId stream, ObjectId chunk) implements Request {}

  /** Wants the next chunk, and is done with the one before. */
  record PullChunk(ObjectId stream) implements Request {}

  /** Ends a stream. */
  record StopStream(ObjectId stream, boolean failed) implements Request {}

  /** Removes a stream. */
  record DropStream(ObjectId stream) implements Request {}

  /** Wants to know the instances of the cluster. */
  record ClusterMeta() implements Request {}

  /** Wants to know about this instance. */
  record InstanceStatus() implements Request {}

  /** Wants an object to be here. */
  record Migrate(ObjectId id) implements Request {}

  /** Copies an object's metadata, with more fields. */
  record ShallowCopy(ObjectId id, ObjectMeta extra) implements Request {}

  /** Whether somebody holds a blob. */
  record IsInUse(ObjectId id) implements Request {}

  /** Whether a blob is on disk. */
  record IsSpilled(ObjectId id) implements Request {}

  /** Something else, of which only the name is known. */
  record Other(String type) implements Request {}
}
