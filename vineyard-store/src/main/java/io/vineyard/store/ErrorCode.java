package io.vineyard.store;

import java.util.Arrays;

/**
 * What went wrong, as a number that crosses the wire and a category that says what a caller can do.
 *
 * <p>Codes below 256 are Vineyard's own status codes (v6d 0.24) with their numbers; codes from 256
 * on are this project's. A number that is not known becomes {@link #UNKNOWN}.
 */
public enum ErrorCode {
  /** An argument or a message that can never be right. */
  INVALID(1, Category.ERROR),
  /** A key that is not there. */
  KEY_ERROR(2, Category.ERROR),
  /** A value or an object of another type than asked for. */
  TYPE_ERROR(3, Category.ERROR),
  /** The operating system refused an operation on a file, a socket or memory. */
  IO_ERROR(4, Category.ERROR),
  /** Data that ends before it is complete. */
  END_OF_FILE(5, Category.ERROR),
  /** Something that this store does not offer. */
  UNSUPPORTED(6, Category.ERROR),
  /** An invariant of the store does not hold. */
  ASSERTION_FAILED(7, Category.FATAL),
  /** Input from a user that is not acceptable. */
  USER_INPUT_ERROR(8, Category.ERROR),
  /** The object or name exists already. */
  OBJECT_EXISTS(11, Category.ERROR),
  /** No object, stream or name like this. */
  OBJECT_NOT_EXISTS(12, Category.ERROR),
  /** The object is sealed, and so cannot be changed. */
  OBJECT_SEALED(13, Category.ERROR),
  /** The object is not sealed yet, and so cannot be read. */
  OBJECT_NOT_SEALED(14, Category.ERROR),
  /** The object is a blob where a tree of metadata was expected. */
  OBJECT_IS_BLOB(15, Category.ERROR),
  /** The object has another type name than expected. */
  OBJECT_TYPE_ERROR(16, Category.ERROR),
  /** The metadata is not a legal tree. */
  META_TREE_INVALID(21, Category.ERROR),
  /** A member of the metadata without a name or id. */
  META_TREE_NAME_NOT_EXISTS(25, Category.ERROR),
  /** A member of the metadata that is not in the store. */
  META_TREE_SUBTREE_NOT_EXISTS(27, Category.ERROR),
  /** The server has not finished starting. */
  SERVER_NOT_READY(31, Category.TRANSIENT),
  /** Arrow data that is not legal. */
  ARROW_ERROR(32, Category.ERROR),
  /** A connection could not be made. */
  CONNECTION_FAILED(33, Category.TRANSIENT),
  /** A connection broke, or its peer sent what it must not. */
  CONNECTION_ERROR(34, Category.TRANSIENT),
  /** The store or handle was closed before. */
  ALREADY_STOPPED(36, Category.ERROR),
  /** The capacity of the store, or the memory of the machine, does not suffice. */
  NOT_ENOUGH_MEMORY(41, Category.TRANSIENT),
  /** The stream has no more chunks. */
  STREAM_DRAINED(42, Category.ERROR),
  /** The writer failed the stream. */
  STREAM_FAILED(43, Category.ERROR),
  /** The stream is in a state that does not allow the operation. */
  INVALID_STREAM_STATE(44, Category.ERROR),
  /** The stream has a reader or a writer already. */
  STREAM_OPENED(45, Category.TRANSIENT),
  /** An object that spans instances, or is to, and may not. */
  GLOBAL_OBJECT_INVALID(51, Category.ERROR),
  /** An error of which nothing else is known. */
  UNKNOWN(255, Category.ERROR),
  /** The writer's process or connection was lost before it finished the stream. */
  WRITER_LOST(256, Category.ERROR),
  /** The store's process or connection was lost, or the store was closed. */
  STORE_LOST(257, Category.FATAL),
  /** The stream was dropped. */
  STREAM_DROPPED(258, Category.ERROR),
  /** A chunk's schema differs from the stream's. */
  SCHEMA_MISMATCH(259, Category.ERROR),
  /** A wait ended without what was waited for. */
  TIMEOUT(260, Category.TRANSIENT),
  /** The peers have no version of the protocol in common. */
  VERSION_MISMATCH(261, Category.FATAL),
  /** A peer sent something that the protocol does not allow. */
  PROTOCOL_ERROR(262, Category.FATAL),
  /** A bound on clients, names, objects or streams is reached. */
  LIMIT_REACHED(263, Category.TRANSIENT);

  /** What a caller can do about an error. */
  public enum Category {
    /** Nothing works any more: close, and begin anew. */
    FATAL,
    /** This call failed, and would fail again. */
    ERROR,
    /** This call failed, and may succeed later. */
    TRANSIENT
  }

  private static final int NUMBERS = 512;
  private static final ErrorCode[] BY_NUMBER = byNumber();

  private final int number;
  private final Category category;

  ErrorCode(int number, Category category) {
    this.number = number;
    this.category = category;
  }

  /** Returns the number that stands for this code on the wire. */
  public int number() {
    return number;
  }

  /** Returns what a caller can do about it. */
  public Category category() {
    return category;
  }

  /** Returns the code with this number, {@link #UNKNOWN} if there is none. */
  public static ErrorCode of(int number) {
    return number >= 0 && number < NUMBERS ? BY_NUMBER[number] : UNKNOWN;
  }

  private static ErrorCode[] byNumber() {
    ErrorCode[] codes = new ErrorCode[NUMBERS];
    Arrays.fill(codes, UNKNOWN);
    for (ErrorCode code : values()) {
      codes[code.number] = code;
    }
    return codes;
  }
}
