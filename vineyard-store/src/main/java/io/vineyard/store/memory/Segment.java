package io.vineyard.store.memory;

public final class Segment {
  public static Segment create(String name, long capacityBytes) { throw new UnsupportedOperationException(); }
  public static Segment ofDescriptor(int fd, long expectedBytes) { throw new UnsupportedOperationException(); }
  public int descriptor() { return 0; }
  public long capacityBytes() { return 0; }
  public Mapping map(Access access) { throw new UnsupportedOperationException(); }
  public void sealFutureWrites() {}
  public Segment retain() { return this; }
  public void close() {}
  public enum Access { READ_ONLY, READ_WRITE }
}
