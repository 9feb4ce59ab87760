// Reads batches out of a response, no faster than it is told to. What is not read stays where it is: in the
// browser, on the way, and in the window of the stream. When these are full, the producer waits.

const { RecordBatchReader } = globalThis.Arrow;
const PIECE_BYTES = 1 << 16;
const SLICE_MS = 12;
const LEAST_WAIT_MS = 4;
const MOST_BEHIND_MS = 200;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Lets the page draw, and hear its user. */
function breathe() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Takes small pieces of a body, so that what has not been read is not taken out of the browser's buffer. */
async function* pieces(body) {
  const reader = body.getReader({ mode: 'byob' });
  try {
    for (;;) {
      const { value, done } = await reader.read(new Uint8Array(PIECE_BYTES));
      if (done) {
        return;
      }
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** There is no producer. */
export class NoProducer extends Error {}

export class Flow {
  constructor() {
    this.stopping = new AbortController();
    this.limit = Infinity;
    this.paused = false;
    this.hurried = false;
    this.due = 0;
    this.sliceEnd = 0;
    this.wake = () => {};
  }

  /** Reads to the end; tells which stream it is, and each batch. */
  async read(repeat, onStream, onBatch) {
    const { signal } = this.stopping;
    const response = await fetch(`flights.arrow?repeat=${repeat}`, { signal, cache: 'no-store' });
    if (response.status === 503) {
      throw new NoProducer(await response.text());
    }
    if (!response.ok) {
      throw new Error(`the server answered ${response.status}`);
    }
    onStream(response.headers.get('Vineyard-Stream'));
    for await (const batch of await RecordBatchReader.from(pieces(response.body))) {
      await this.turn();
      if (signal.aborted) {
        return;
      }
      onBatch(batch);
    }
  }

  stop() {
    this.stopping.abort();
    this.wake();
  }

  /** Sets how many batches a second are read at most, and whether any are. */
  pace(limit, paused) {
    this.limit = limit;
    this.paused = paused;
    this.due = performance.now();
    this.wake();
  }

  /** Reads what has arrived without waiting. */
  hurry() {
    this.hurried = true;
    this.wake();
  }

  /** Waits until the next batch may be taken. */
  async turn() {
    while (!this.hurried && !this.stopping.signal.aborted) {
      const now = performance.now();
      const wait = this.paused ? Infinity : this.due - now;
      if (wait < LEAST_WAIT_MS) {
        break;
      }
      await this.sleep(wait);
    }
    const now = performance.now();
    this.due = Math.max(this.due, now - MOST_BEHIND_MS) + 1000 / this.limit;
    if (now > this.sliceEnd) {
      await breathe();
      this.sliceEnd = performance.now() + SLICE_MS;
    }
  }

  async sleep(ms) {
    const woken = new Promise((resolve) => {
      this.wake = resolve;
    });
    await (ms === Infinity ? woken : Promise.race([woken, pause(ms)]));
  }
}
