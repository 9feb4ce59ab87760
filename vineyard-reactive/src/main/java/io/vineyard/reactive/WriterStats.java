package io.vineyard.reactive;

/**
 * What a writer has done so far.
 *
 * @param elements how many elements were published
 * @param bytes how many bytes of shared memory these took
 * @param copiedElements how many of them had to be copied into shared memory, in whole or in part
 * @param copiedBytes how many bytes were copied
 * @param outstandingElements how many are published and not yet released by their reader
 */
public record WriterStats(
    long elements, long bytes, long copiedElements, long copiedBytes, long outstandingElements) {}
