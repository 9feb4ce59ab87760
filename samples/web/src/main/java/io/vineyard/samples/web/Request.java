package io.vineyard.samples.web;

/**
 * What the app asks the producer for, a row of the stream of requests.
 *
 * @param stream the stream to write
 * @param repeat how often to write all flights
 */
record Request(String stream, long repeat) {
  /** Stands for as long as somebody reads. */
  static final long ENDLESS = Long.MAX_VALUE;
}
