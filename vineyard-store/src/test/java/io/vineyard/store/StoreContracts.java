package io.vineyard.store;

/** Runs every contract on one kind of store. */
public abstract class StoreContracts extends StoreFixture
    implements ObjectStoreContract, StreamContract, WriterContract, ReaderContract {}
