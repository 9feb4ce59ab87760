package io.vineyard.samples.web;

import io.vineyard.store.StreamInfo;
import org.jspecify.annotations.Nullable;

/**
 * How the producer and one of its streams are at one moment.
 *
 * @param producer the producer
 * @param stream the stream, null if none was asked for, or it is gone
 */
record Progress(ProducerState producer, @Nullable Written stream) {

  /**
   * How far the producer is.
   *
   * @param state where the stream is in its life
   * @param chunks how many batches are written
   * @param bytes how many bytes these have
   * @param windowUsed how many of them are not yet released
   * @param window how many these can be
   */
  record Written(StreamInfo.State state, long chunks, long bytes, long windowUsed, int window) {

    static Written of(StreamInfo info) {
      return new Written(
          info.state(),
          info.publishedChunks(),
          info.publishedBytes(),
          info.windowUsedChunks(),
          info.spec().windowChunks());
    }
  }
}
