package io.vineyard.store.client.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.protocol.json.Payload;
import io.vineyard.store.protocol.json.Reply;
import io.vineyard.store.protocol.json.Request;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The files that a connection has brought, by the server's numbers; used by its thread. */
final class FileTable {
  /** A server has one file, and few more when that is in pieces. */
  private static final int MOST_FILES = 256;

  private final Map<Integer, Sharing.SharedFile> files = new HashMap<>();

  /** Returns whether nobody knows what follows a reply that was not read. */
  static boolean mayBringFiles(Request request) {
    return request instanceof Request.CreateBuffer
        || request instanceof Request.CreateBuffers
        || request instanceof Request.GetBuffers;
  }

  /** Returns which files follow a reply. */
  static List<Integer> announced(Reply reply) {
    if (reply instanceof Reply.BufferCreated one) {
      return one.newFile() < 0 ? List.of() : List.of(one.newFile());
    } else if (reply instanceof Reply.BuffersCreated one) {
      return one.newFiles();
    } else if (reply instanceof Reply.Buffers one) {
      return one.newFiles();
    }
    return List.of();
  }

  /** Returns the blobs of a reply that may bring files. */
  static List<Payload> blobs(Reply reply) {
    if (reply instanceof Reply.BufferCreated one) {
      return List.of(one.blob());
    } else if (reply instanceof Reply.BuffersCreated one) {
      return one.blobs();
    } else if (reply instanceof Reply.Buffers one) {
      return one.blobs();
    }
    return List.of();
  }

  /**
   * Checks that each file is needed by a blob, and new.
   *
   * @return how many bytes of each can be mapped
   */
  long[] check(List<Integer> announced, List<Payload> blobs) {
    if (announced.size() > MOST_FILES - files.size()) {
      throw wrong("at most " + MOST_FILES + " files", (files.size() + announced.size()) + " files");
    }
    long[] capacities = new long[announced.size()];
    for (int i = 0; i < capacities.length; i++) {
      int number = announced.get(i);
      if (files.containsKey(number) || announced.indexOf(number) != i) {
        throw wrong("the descriptor of a new file", "that of file " + number + " again");
      }
      capacities[i] = capacity(number, blobs);
    }
    return capacities;
  }

  private static long capacity(int number, List<Payload> blobs) {
    for (Payload blob : blobs) {
      if (blob.file() == number && blob.sizeBytes() > 0) {
        return blob.mapBytes() - Payload.GAP_BYTES;
      }
    }
    throw wrong("the descriptor of a file with a blob of the reply", "that of file " + number);
  }

  private static VineyardException wrong(String expected, String got) {
    return VineyardException.of(
        ErrorCode.PROTOCOL_ERROR, "expected " + expected + " from the server, got " + got);
  }

  /** Adds a file, and takes its descriptor over. */
  void add(int number, int descriptor, long capacityBytes) {
    files.put(number, new Sharing.SharedFile(Segment.ofForeignFile(descriptor, capacityBytes)));
  }

  /** Returns the file in which a blob lies; null for an empty blob. */
  Sharing.SharedFile of(Payload blob) {
    Sharing.SharedFile file = files.get(blob.file());
    if (file == null) {
      throw wrong("the descriptor of file " + blob.file() + " with " + blob.blob(), "none");
    }
    return file;
  }

  void close() {
    files.values().forEach(Sharing.SharedFile::release);
    files.clear();
  }
}
