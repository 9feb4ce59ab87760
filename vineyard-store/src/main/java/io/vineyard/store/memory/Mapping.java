package io.vineyard.store.memory;

public final class Mapping implements AutoCloseable {
  public long address() { return 0; }
  public long capacityBytes() { return 0; }
  public long address(long offset, long length) { return 0; }
  @Override public void close() {}
}
