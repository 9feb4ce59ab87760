"""Measures a Vineyard server with Vineyard's own Python client: streams, and arrays that are put and got.

bench.py --socket S [--seconds N] [--server-pid N] prints a line of JSON for each figure, like
{"figure": "record-batch-stream", "bytes": 32768, "value": 180.5, "unit": "chunks/s"}
and what it costs the server, in microseconds of a processor, if it is told which process that is.

In streams one thread of this process writes, another process reads. Every value that is written to be found is checked.
"""

import argparse
import json
import multiprocessing
import os
import time

import numpy
import pyarrow
import vineyard

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
STREAM_SIZES = [32 * KIB, MIB]
ARRAY_SIZES = [KIB, MIB, GIB]
COLUMNS = 4
WORD = 8
LEAST = 2
# Streams of the real server know no backpressure: the writer keeps this side of what the store has.
MOST_AHEAD_BYTES = 256 * MIB
PATIENCE = 60


def connect(socket):
    """Returns a client with a connection of its own: connect alone gives all clients of a process the same one."""
    client = vineyard.connect(socket).fork()
    client.timeout_seconds = PATIENCE
    return client


class ServerTime:
    """How much processor time a server takes, with all its threads, while operations are done."""

    def __init__(self, pid):
        self.pid = pid
        self.start = self.now()

    def now(self):
        if self.pid is None:
            return 0
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def report(self, figure, size, operations):
        if self.pid is not None:
            report(figure, size, server_us=(self.now() - self.start) * 1e6 / operations)


def report(figure, size, **values):
    for unit, value in values.items():
        unit = unit.replace("_per_", "/").replace("_", " ")
        line = {"figure": figure, "bytes": size, "value": value, "unit": unit}
        print(json.dumps(line), flush=True)


def require(actual, expected):
    if actual != expected:
        raise ValueError(f"expected {expected}, got {actual}")


class RecordBatches:
    """Arrow batches that are put as objects, whose ids go through a stream."""

    figure = "record-batch-stream"

    def create(self, client):
        from vineyard.io.recordbatch import RecordBatchStream

        return RecordBatchStream.new(client)

    def write(self, client, writer, size, number):
        columns = [numpy.zeros(size // COLUMNS // WORD, dtype="int64") for _ in range(COLUMNS)]
        columns[0][0] = columns[-1][-1] = number
        arrays = [pyarrow.array(column) for column in columns]
        writer.append(client.put(pyarrow.RecordBatch.from_arrays(arrays, list("abcd"))))

    def read(self, reader, number):
        batch = reader.next()
        require(int(batch.column(0)[0].as_py()), number)
        require(int(batch.column(COLUMNS - 1)[batch.num_rows - 1].as_py()), number)


class Bytes:
    """Raw chunks that are filled in place."""

    figure = "byte-stream"

    def create(self, client):
        from vineyard.io.byte import ByteStream

        return ByteStream.new(client)

    def write(self, client, writer, size, number):
        words = numpy.frombuffer(writer.next(size), dtype="int64")
        words[0] = words[-1] = number

    def read(self, reader, number):
        words = numpy.frombuffer(reader.next(), dtype="int64")
        require(int(words[0]), number)
        require(int(words[-1]), number)


KINDS = {kind.figure: kind for kind in (RecordBatches(), Bytes())}


def read_streams(socket, orders, answers, read):
    """The process that reads: a stream for each order, until there is none."""
    client = connect(socket)
    answers.put("ready")
    while (order := orders.get()) is not None:
        figure, stream_id = order
        answers.put(read_stream(client, KINDS[figure], vineyard.ObjectID(stream_id), read))


def read_stream(client, kind, stream_id, read):
    """Returns how many chunks came, and in how many seconds."""
    try:
        reader = client.get(stream_id).open_reader(client)
        first = 0
        try:
            while True:
                kind.read(reader, read.value)
                read.value += 1
                if read.value == 1:
                    first = time.monotonic()
        except StopIteration:
            pass
        return read.value - 1, time.monotonic() - first
    except Exception as error:
        return repr(error)


class StreamBench:
    """The process that writes, and what it shares with the one that reads."""

    def __init__(self, socket, server):
        self.server = server
        context = multiprocessing.get_context("spawn")
        self.orders, self.answers = context.Queue(), context.Queue()
        self.read = context.Value("q", 0, lock=False)
        arguments = (socket, self.orders, self.answers, self.read)
        self.reader = context.Process(target=read_streams, args=arguments, daemon=True)
        self.reader.start()
        self.client = connect(socket)
        require(self.answers.get(timeout=PATIENCE), "ready")

    def run(self, kind, size, seconds):
        stream = kind.create(self.client)
        writer = stream.open_writer(self.client)
        self.read.value = 0
        self.orders.put((kind.figure, repr(stream.id)))
        most_ahead = max(LEAST, MOST_AHEAD_BYTES // size)
        time_of_server = ServerTime(self.server)
        number = 0
        end = time.monotonic() + seconds
        while number <= LEAST or time.monotonic() < end:
            kind.write(self.client, writer, size, number)
            number += 1
            self.wait_until_read(number - most_ahead)
        writer.finish()
        answer = self.answers.get(timeout=PATIENCE)
        if isinstance(answer, str):
            raise RuntimeError(f"the reader failed: {answer}")
        chunks, took = answer
        require(chunks, number - 1)
        report(kind.figure, size, chunks_per_s=chunks / took)
        time_of_server.report(kind.figure, size, number)
        self.client.drop_stream(stream.id)

    def wait_until_read(self, number):
        end = time.monotonic() + PATIENCE
        while self.read.value < number:
            if not self.reader.is_alive() or not self.answers.empty() or time.monotonic() > end:
                raise RuntimeError(f"the reader stopped at chunk {self.read.value}")
            time.sleep(0.0005)

    def close(self):
        self.orders.put(None)
        self.reader.join(PATIENCE)


def is_over(count, end):
    return count >= LEAST and time.monotonic() >= end


def put_arrays(client, size, seconds, server):
    array = numpy.arange(size // WORD)
    puts, deletes = [], []
    time_of_server = ServerTime(server)
    end = time.monotonic() + seconds
    while not is_over(len(puts), end):
        start = time.perf_counter()
        object_id = client.put(array)
        puts.append(time.perf_counter() - start)
        start = time.perf_counter()
        client.delete(object_id)
        deletes.append(time.perf_counter() - start)
    rate = len(puts) / sum(puts)
    report("put", size, ops_per_s=rate, MB_per_s=rate * size / 1e6)
    report("delete", size, ops_per_s=len(deletes) / sum(deletes))
    time_of_server.report("put and delete", size, len(puts))


def get_arrays(client, size, seconds, server):
    object_id = client.put(numpy.arange(size // WORD))
    gets = []
    time_of_server = ServerTime(server)
    end = time.monotonic() + seconds
    while not is_over(len(gets), end):
        start = time.perf_counter()
        array = client.get(object_id)
        gets.append(time.perf_counter() - start)
        require((int(array[0]), int(array[-1])), (0, size // WORD - 1))
        del array
    time_of_server.report("get", size, len(gets))
    client.delete(object_id)
    # No MB/s: what is got is the shared memory itself.
    report("get", size, ops_per_s=len(gets) / sum(gets))


def main():
    parser = argparse.ArgumentParser(description="Measures a Vineyard server with Vineyard's own client.")
    parser.add_argument("--socket", required=True, metavar="PATH", help="where the server listens")
    parser.add_argument("--seconds", type=float, default=2, metavar="N", help="of each figure (%(default)s)")
    parser.add_argument("--server-pid", type=int, metavar="N", help="the process whose time is measured as well")
    options = parser.parse_args()
    streams = StreamBench(options.socket, options.server_pid)
    for kind in KINDS.values():
        for size in STREAM_SIZES:
            streams.run(kind, size, options.seconds)
    streams.close()
    client = connect(options.socket)
    for size in ARRAY_SIZES:
        put_arrays(client, size, options.seconds, options.server_pid)
        get_arrays(client, size, options.seconds, options.server_pid)


if __name__ == "__main__":
    main()
