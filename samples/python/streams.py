"""A producer and a consumer of a RecordBatchStream, as Vineyard's documentation has them, with its own Python client.

streams.py produce --socket S    in one process
streams.py consume --socket S    in another one, sooner or later
streams.py both --socket S --threads | --processes

Works with a vineyardd and with the server of samples/run alike. A stream knows no backpressure, all that was not read yet lies in the store.
"""

import argparse
import concurrent.futures
import multiprocessing
import os
import sys

import numpy
import pandas
import pyarrow
import vineyard
from vineyard.io.recordbatch import RecordBatchStream


def connect(options):
    """Returns a client with a connection of its own: connect alone gives all clients of a process the same one."""
    client = vineyard.connect(options.socket).fork()
    client.timeout_seconds = options.timeout  # or a next() for which nothing comes waits for 300 s
    return client


def chunk(options, first):
    n = numpy.arange(first, first + options.rows)
    columns = {"n": n, "half": n / 2}
    if options.kind == "pandas":
        return pandas.DataFrame(columns)
    return pyarrow.RecordBatch.from_arrays([pyarrow.array(c) for c in columns.values()], list(columns))


def produce(options):
    client = connect(options)
    stream = RecordBatchStream.new(client)
    client.persist(stream.id)  # only what is persisted can have a name
    client.put_name(stream.id, options.name)
    writer = stream.open_writer(client)
    try:
        for number in range(options.chunks):
            writer.append(client.put(chunk(options, number * options.rows)))
    except BaseException:
        writer.fail()  # without it the reader waits for ever
        raise
    writer.finish()
    print(f"produced {options.name}: {options.chunks} chunks of {options.rows} rows", flush=True)


def consume(options):
    client = connect(options)
    stream_id = client.get_name(options.name, wait=True)
    reader = client.get(stream_id).open_reader(client)
    rows, total, halves = 0, 0, 0.0
    try:
        while True:
            batch = reader.next()
            # It is only there until the next one is asked for.
            frame = batch if isinstance(batch, pandas.DataFrame) else batch.to_pandas()
            check("first row", int(frame["n"].iloc[0]), rows)
            rows += len(frame)
            total += int(frame["n"].sum())
            halves += float(frame["half"].sum())
    except StopIteration:
        pass
    expected = options.chunks * options.rows
    check("rows", rows, expected)
    check("sum", total, expected * (expected - 1) // 2)
    check("halves", halves, total / 2)
    client.drop_name(options.name)  # names stay when what they name is gone
    client.drop_stream(stream_id)
    print(f"consumed {options.name}: {rows} rows, sum {total}", flush=True)


def check(what, actual, expected):
    if actual != expected:
        raise ValueError(f"{what}: expected {expected}, got {actual}")


def both(options):
    name = f"{options.name}-{os.getpid()}"  # one that failed may have left its name
    if options.threads:
        pool = concurrent.futures.ThreadPoolExecutor(2)
    else:  # not fork: a forked process would share its parent's connection
        pool = concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("spawn"))
    with pool:
        for number in range(options.streams):
            options.name = f"{name}-{number}"
            for end in concurrent.futures.as_completed([pool.submit(consume, options), pool.submit(produce, options)]):
                end.result()


def main():
    parser = argparse.ArgumentParser(description="Streams batches with Vineyard's own Python client.")
    parser.add_argument("what", choices=["produce", "consume", "both"])
    parser.add_argument("--socket", required=True, metavar="PATH", help="where the server listens")
    parser.add_argument("--name", default="numbers", help="what the stream is called, of both with a number (%(default)s)")
    parser.add_argument("--streams", type=int, default=1, metavar="K", help="of both: how many, one after the other (%(default)s)")
    parser.add_argument("--chunks", type=int, default=10, metavar="K", help="of a stream (%(default)s)")
    parser.add_argument("--rows", type=int, default=1000, metavar="R", help="of a chunk, at least 1 (%(default)s)")
    parser.add_argument("--as", dest="kind", choices=["arrow", "pandas"], default="arrow", help="what is put (%(default)s)")
    parser.add_argument("--timeout", type=int, default=30, metavar="SECONDS", help="of every wait (%(default)s)")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--threads", action="store_true", help="of both: in one process")
    how.add_argument("--processes", action="store_true", help="of both: in two, which is usual")
    options = parser.parse_args()
    try:
        {"produce": produce, "consume": consume, "both": both}[options.what](options)
    except Exception as error:
        sys.exit(f"streams.py: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
