package io.vineyard.store.arrow;

import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.arrow.format.BufferList;
import io.vineyard.store.arrow.format.MessageBuilder;
import io.vineyard.store.arrow.vineyard.BatchTree;
import io.vineyard.store.arrow.vineyard.BytesAccess;
import org.apache.arrow.flatbuf.Message;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Stores record batches so that Vineyard's own clients can read them. */
final class VineyardBatches {
  private VineyardBatches() {}

  /**
   * Copies a batch into blobs, and makes a {@code vineyard::RecordBatch} of them.
   *
   * <p>Lazy. The batch still belongs to the caller. Fails with {@link
   * io.vineyard.store.ErrorCode#UNSUPPORTED} if Vineyard can't hold one of its columns, naming it.
   * When it fails or is cancelled, nothing stays in the store.
   */
  static Mono<ObjectId> store(RecordBatch batch, ObjectStore store) {
    return Mono.usingWhen(
        Mono.fromSupplier(() -> new BatchLayout.Parts(store)),
        parts -> store(batch, store, parts),
        parts -> Mono.empty(),
        (parts, error) -> parts.delete(),
        BatchLayout.Parts::delete);
  }

  private static Mono<ObjectId> store(
      RecordBatch batch, ObjectStore store, BatchLayout.Parts parts) {
    BatchTree tree = tree(batch);
    return Flux.fromIterable(tree.blobs())
        .concatMap(blob -> parts.seal(blob.sizeBytes(), writer -> blob.writeTo(writer.address())))
        .collectList()
        .flatMap(ids -> store.createObject(tree.meta(ids)))
        .map(ObjectMeta::requireId);
  }

  /** The offsets of the message are addresses. */
  static BatchTree tree(RecordBatch batch) {
    MessageBuilder message = new MessageBuilder();
    BufferList buffers = new BufferList(true).gather(batch.vectors());
    buffers.describe(message, (index, address, sizeBytes) -> address);
    Message built =
        Message.getRootAsMessage(
            message.recordBatch(batch.rowCount(), 0, MessageBuilder.NOT_COMPRESSED));
    return BatchTree.of(BatchTree.Shape.of(batch.batchSchema()), built, BytesAccess.ADDRESSES);
  }
}
