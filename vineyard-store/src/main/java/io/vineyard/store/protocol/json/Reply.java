package io.vineyard.store.protocol.json;

import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import java.util.List;
import java.util.Map;

/** What a server of Vineyard's dialect answers. */
public sealed interface Reply {

  /** A request failed; the code is one of Vineyard's. */
  record Failed(int code, String message) implements Reply {}

  /** A request is done, of which there is nothing to say. */
  record Done(Class<? extends Request> request) implements Reply {}

  /**
   * The client is registered.
   *
   * @param binaryVersion the highest version of our binary dialect that the server speaks, 0 if
   *     none
   */
  record Registered(
      String socket,
      String rpcEndpoint,
      long instance,
      long session,
      String version,
      boolean storeMatches,
      int binaryVersion)
      implements Reply {}

  /**
   * Memory for a blob.
   *
   * @param newFile the file whose descriptor follows, -1 if none does
   */
  record BufferCreated(Payload blob, int newFile) implements Reply {}

  /** Memory for blobs; the descriptors of these files follow. */
  record BuffersCreated(List<Payload> blobs, List<Integer> newFiles) implements Reply {}

  /** Blobs to read; the descriptors of these files follow. */
  record Buffers(List<Payload> blobs, List<Integer> newFiles) implements Reply {}

  /** An object was created. */
  record DataCreated(ObjectId id, long signature, long instance) implements Reply {}

  /** Objects were created. */
  record DatasCreated(List<DataCreated> datas) implements Reply {}

  /** Metadata by id. */
  record Data(Map<ObjectId, ObjectMeta> content) implements Reply {}

  /** What was deleted, if that was asked for. */
  record Deleted(List<ObjectId> blobs) implements Reply {}

  /** Yes or no, to a request that asks for it. */
  record Truth(Class<? extends Request> request, boolean value) implements Reply {}

  /** What has a name. */
  record Named(ObjectId id) implements Reply {}

  /** Names and what has them. */
  record Names(Map<String, ObjectId> names) implements Reply {}

  /** Memory for the next chunk; as {@link BufferCreated}. */
  record ChunkCreated(Payload blob, int newFile) implements Reply {}

  /** The next chunk. */
  record Chunk(ObjectId id) implements Reply {}

  /**
   * An instance of a cluster.
   *
   * @param timestamp seconds in the upper half, microseconds in the lower
   */
  record Instance(
      long id,
      String hostName,
      String nodeName,
      String rpcEndpoint,
      String socket,
      long timestamp) {}

  /** The instances of the cluster. */
  record Cluster(List<Instance> instances) implements Reply {}

  /** The state of the instance. */
  record Status(
      long instance,
      String deployment,
      long memoryUsage,
      long memoryLimit,
      long deferredRequests,
      long ipcConnections,
      long rpcConnections)
      implements Reply {}

  /** Where an object is, now that it is here. */
  record Migrated(ObjectId id) implements Reply {}

  /** The copy of an object. */
  record Copied(ObjectId id) implements Reply {}
}
