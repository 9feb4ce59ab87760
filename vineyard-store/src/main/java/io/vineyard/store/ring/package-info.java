/**
 * The ring of a stream, and with it how a chunk travels.
 *
 * <pre>
 *   writer's process                     shared memory                     reader's process
 *
 *   vectors built in ------- bytes ----> segment ------- read in place ---> vectors over it
 *   a leased segment                     64 MiB, sealed                     mapped read-only
 *
 *   WriterEnd ---- 1. fills a slot ----> ring ---- 3. leases the slot ----> ReaderEnd
 *             &lt;--- 6. takes it back -----      &lt;--- 5. releases it ---------
 *        |   ^                            ^                                  |   ^
 *        |   |                            | counts, and takes                |   |
 *        |   7. wake                      | the place of the dead            |   2. wake
 *        v                                |                                  v
 *        +--------- socket or queue --- store --- socket ---------------------+
 *                                       4. (wakes go through it)
 * </pre>
 *
 * <p><b>Before the first chunk.</b> The store makes a ring for each stream: a memfd of its own,
 * which {@link io.vineyard.store.ring.RingLayout} draws. Whoever opens an end of the stream gets
 * its descriptor and maps it. The writer leases segments, and cuts them into pieces by itself; the
 * store passes each segment that chunks of the stream will lie in on to the reader, once. What all
 * chunks have in common, the schema, crosses once as the preamble.
 *
 * <p><b>Per chunk.</b> No message, no system call, no copy. (1) The writer describes the chunk in a
 * free slot: the segments that it lies in, and a header, for record batches Arrow's own message
 * with offsets into those segments; if the header does not fit, it lies in a segment too. Then it
 * raises the count of published chunks. (3) The reader sees the count, checks every number that it
 * reads, and marks the slot as leased to itself; the subscriber gets vectors over the segment. (5)
 * When the batch is closed, by any thread and in any order, the slot is marked as released. (6) The
 * writer looks for released slots once in a while as it publishes, and frees the memory of their
 * chunks.
 *
 * <p><b>Asleep.</b> A reader that finds nothing sets a flag and looks once more; a writer that
 * finds the flag clears it and has the store wake the reader (2). A writer without room says how
 * many releases it waits for; whoever releases that many has it woken (7). A reader also reminds a
 * writer that has nothing to publish, after some milliseconds, so that memory comes back. A reader
 * may be told to spin for a while before all this. A busy stream sends a few wakes for a thousand
 * chunks, an idle one nothing.
 *
 * <p><b>The window</b> is the writer's to keep: chunks are bounded by the slots, bytes by its own
 * count. It can cheat nobody but itself, as its memory is accounted segment by segment.
 *
 * <p><b>Death.</b> Every slot says in one word who has it, so the store knows at any moment what a
 * lost client had. The slots that a lost reader had leased go to the next reader, in their order;
 * what a lost writer had published stays in its segments until it is released, which the store then
 * watches itself; a chunk whose writer died while it filled the slot was never counted, and is
 * never seen. The numbers of readers tell old leases from new ones.
 *
 * <p><b>Trust.</b> The ring can be written by all who have it mapped. Nobody believes it:
 * positions, slots, sizes and segments are checked by whoever reads them, and who finds a broken
 * one gives up that stream. Data can not be changed: segments are sealed against writing by anyone
 * but the one who had them first. But a client that has opened an end of a stream can mark what
 * others have leased as released, and the writer then uses that memory again: the ends of one
 * stream have to trust each other that far.
 */
@NullMarked
package io.vineyard.store.ring;

import org.jspecify.annotations.NullMarked;
