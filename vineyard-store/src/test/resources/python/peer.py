"""A Vineyard client in Python that does what it is told: peer.py SOCKET, then a line for each task on its standard input.

Each is answered with a line: "done", and perhaps what came out; or "failed", and why.
What is written is kept in a folder as well, one Arrow stream NAME-NUMBER.stream for each chunk, and what is read is compared with such files.
"""

import pathlib
import sys
import traceback

import numpy as np
import pandas as pd
import pyarrow as pa
import vineyard
from vineyard.io.byte import ByteStream
from vineyard.io.dataframe import DataframeStream
from vineyard.io.recordbatch import RecordBatchStream

KINDS = {"batches": RecordBatchStream, "dataframes": DataframeStream, "bytes": ByteStream}
PATIENCE = 30


class Peer:
    def __init__(self, socket):
        # Without fork all clients of a process share one connection.
        self.client = vineyard.connect(socket).fork()
        self.client.timeout_seconds = PATIENCE
        self.kept = []

    def new(self, kind, name):
        stream = KINDS[kind].new(self.client)
        self.client.persist(stream.id)
        self.client.put_name(stream.id, name)
        return stream.open_writer(self.client)

    def reader(self, name):
        return self.client.get(self.client.get_name(name)).open_reader(self.client)

    # Batches.

    def write_batches(self, kind, name, folder):
        """Writes a batch of each type, one of all, and slices of it; says how many."""
        writer = self.new(kind, name)
        batches = list(every_batch())
        for number, batch in enumerate(batches):
            save(folder, name, number, batch)
            writer.write(batch) if kind == "dataframes" else writer.append(self.client.put(batch))
        writer.finish()
        return len(batches)

    def write_frames(self, name, folder):
        """Writes frames of pandas."""
        writer = self.new("batches", name)
        frames = list(every_frame())
        for number, (frame, batch) in enumerate(frames):
            save(folder, name, number, batch)
            writer.append(self.client.put(frame))
        writer.finish()
        return len(frames)

    def read_batches(self, name, folder):
        """Reads batches, each of which must be what was written, or what Python makes of it when it puts it itself."""
        reader, number = self.reader(name), 0
        while True:
            try:
                read = outcome(reader.next)
            except StopIteration:
                return number
            expected = load(folder, name, number)
            own = outcome(lambda: self.put_and_got(expected))
            if not same(read, own) and not same(read, expected) and not same(read, large(expected)):
                raise ValueError(f"{name}-{number}: expected {own!r}, got {read!r}")
            number += 1

    def put_and_got(self, value):
        object_id = self.client.put(value)
        try:
            return self.client.get(object_id)
        finally:
            self.client.delete(object_id)

    def read_dataframes(self, name, folder):
        reader, number = self.reader(name), 0
        while True:
            try:
                read = reader.next()
            except StopIteration:
                return number
            expected = load(folder, name, number)
            if not read.equals(expected) or read.schema != expected.schema:
                raise ValueError(f"{name}-{number}: expected {expected!r}, got {read!r}")
            number += 1

    def read_frames(self, name):
        """Reads frames of pandas, which must be those that are written here."""
        reader, number = self.reader(name), 0
        for frame, _ in every_frame():
            pd.testing.assert_frame_equal(reader.next(), frame)
            number += 1
        try:
            reader.next()
        except StopIteration:
            return number
        raise ValueError("expected the end")

    # Bytes.

    def write_bytes(self, name, *sizes):
        writer = self.new("bytes", name)
        for number, size in enumerate(sizes):
            buffer = np.frombuffer(writer.next(int(size)), dtype="uint8")
            buffer[:] = number + 1
        writer.finish()

    def read_bytes(self, name, *sizes):
        reader = self.reader(name)
        for number, size in enumerate(sizes):
            content = np.frombuffer(reader.next(), dtype="uint8")
            if len(content) != int(size) or not (content == number + 1).all():
                raise ValueError(f"chunk {number}: expected {size} times {number + 1}, got {len(content)} bytes")
        try:
            reader.next()
        except StopIteration:
            return len(sizes)
        raise ValueError("expected the end")

    def read_rest(self, name):
        """Reads chunks to the end; says how many, and what the end is."""
        number, reader = 0, self.reader(name)
        while True:
            try:
                reader.next()
                number += 1
            except StopIteration:
                return f"{number} drained"
            except vineyard._C.StreamFailedException:
                return f"{number} failed"

    # Many.

    def write_numbers(self, name, chunks, rows):
        writer = self.new("batches", name)
        for number in range(int(chunks)):
            first = number * int(rows)
            writer.append(self.client.put(pa.record_batch({"n": pa.array(range(first, first + int(rows)))})))
        writer.finish()

    def read_numbers(self, name):
        """Reads batches of numbers; says how many rows, and their sum."""
        reader, rows, total = self.reader(name), 0, 0
        while True:
            try:
                batch = reader.next()
            except StopIteration:
                return f"{rows} {total}"
            rows += batch.num_rows
            total += int(batch.column(0).to_numpy().sum()) if batch.num_rows else 0

    def write_streams(self, prefix, count):
        for number in range(int(count)):
            writer = self.new("batches", f"{prefix}-{number}")
            writer.append(self.client.put(pa.record_batch({"n": pa.array([number])})))
            writer.finish()

    def read_streams(self, prefix, count):
        for number in range(int(count)):
            batch = self.reader(f"{prefix}-{number}").next()
            if batch.to_pydict() != {"n": [number]}:
                raise ValueError(f"stream {number}: {batch.to_pydict()}")

    def drop(self, *names):
        """Drops streams, and what describes them."""
        for name in names:
            stream = self.client.get_name(name)
            self.client.drop_name(name)
            self.client.drop_stream(stream)

    def drop_streams(self, prefix, count):
        self.drop(*(f"{prefix}-{number}" for number in range(int(count))))

    # Those who do not come to an end.

    def begin_writing(self, kind, name, chunks):
        """Writes chunks, and neither ends nor fails."""
        writer = self.new(kind, name)
        for number in range(int(chunks)):
            if kind == "bytes":
                writer.next(1000)  # the last of these is never published
            else:
                writer.append(self.client.put(pa.record_batch({"n": pa.array([number])})))
        self.kept.append(writer)

    def begin_reading(self, name):
        """Reads one chunk, and holds it."""
        self.kept.append(self.reader(name).next())


def every_batch():
    columns = list(every_column())
    for name, array in columns:
        yield pa.RecordBatch.from_arrays([array], [name])
    every = pa.RecordBatch.from_arrays(
        [array for _, array in columns],
        schema=pa.schema([pa.field(name, array.type) for name, array in columns], {"k": "v"}))
    yield every
    yield every.slice(3, 2)
    yield every.slice(8, 3)
    yield every.slice(0, 0)


def every_column():
    numbers = [1, None, 3, 0, 127, None, 7, 8, 9, 10, None]
    integers = (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())
    for type in (*integers, pa.float32(), pa.float64()):
        yield str(type), pa.array(numbers, type)
    yield "bool", pa.array([None if n is None else n % 2 == 1 for n in numbers])
    texts = [None if n is None else "é" * (n % 4) for n in numbers]
    yield "string", pa.array(texts)
    yield "large_string", pa.array(texts, pa.large_string())
    yield "large_binary", pa.array([None if t is None else t.encode() for t in texts], pa.large_binary())
    yield "null", pa.nulls(len(numbers))
    yield "list", pa.array([None if n is None else list(range(n % 4)) for n in numbers], pa.list_(pa.int64()))
    yield "no nulls", pa.array(range(len(numbers)))


def every_frame():
    """Frames, and the batches that they are in Arrow."""
    frame = pd.DataFrame({"i": np.arange(5, dtype="int32"), "f": [0.5, 1.5, float("inf"), 2.5, 3.0],
                          "b": [True, False, True, True, False], "u": np.arange(5, dtype="uint8")})
    for one in (frame, frame[["f"]], frame.iloc[1:3].reset_index(drop=True), frame.iloc[:0]):
        yield one, pa.RecordBatch.from_pandas(one, preserve_index=False).replace_schema_metadata(None)


def outcome(task):
    """Returns what a task returns, or in words what it failed with."""
    try:
        return task()
    except StopIteration:
        raise
    except Exception as error:
        return type(error).__name__


def same(one, other):
    if isinstance(one, str) or isinstance(other, str):
        return isinstance(one, str) and isinstance(other, str)
    return one.schema == other.schema and one.equals(other)


def large(batch):
    """The types that Vineyard has for those with short offsets."""
    return batch.cast(pa.schema([pa.field(f.name, large_type(f.type), f.nullable) for f in batch.schema], batch.schema.metadata))


def large_type(type):
    if pa.types.is_string(type):
        return pa.large_string()
    if pa.types.is_binary(type):
        return pa.large_binary()
    if pa.types.is_list(type) or pa.types.is_fixed_size_list(type):
        return pa.large_list(large_type(type.value_type))
    return type


def path(folder, name, number):
    return pathlib.Path(folder) / f"{name}-{number}.stream"


def save(folder, name, number, batch):
    with pa.ipc.new_stream(str(path(folder, name, number)), batch.schema) as stream:
        stream.write_batch(batch)


def load(folder, name, number):
    with pa.ipc.open_stream(str(path(folder, name, number))) as stream:
        return stream.read_next_batch()


def main(socket):
    peer = Peer(socket)
    print("ready", flush=True)
    for line in sys.stdin:
        task, *arguments = line.split()
        try:
            result = getattr(peer, task)(*arguments)
            print("done", "" if result is None else result, flush=True)
        except BaseException as error:
            traceback.print_exc()
            print("failed", type(error).__name__, str(error).replace("\n", " ")[:2000], flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
