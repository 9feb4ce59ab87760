"""Vineyard's Python client as a writer or a reader of the benchmarks, and its server.

Started as: vineyard_peer.py PEER ROLE NAME=VALUE... and told what to do in lines on standard input, as
the Java ends are. PEER is vineyard-recordbatch (a RecordBatchStream) or vineyard-buffer (a ByteStream), both with
the real server, or ours-recordbatch with this project's, where the other end may be Java.
"""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time

COLUMNS = 4
SPREAD = 0x9E3779B97F4A7C15
PATIENCE = 60
PATIENCE_END = 5
LEAST_COUNT = 4
STORE_BYTES = "2G"


def signed(value):
    """Returns the int64 that has the bits of a longer number."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def parse(words):
    return dict(word.split("=", 1) for word in words)


def say(verb, **values):
    answers.write(" ".join([verb] + [f"{name}={value}" for name, value in values.items()]) + "\n")
    answers.flush()


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"expected {what} within {PATIENCE} s")
        time.sleep(0.0005)


class Files:
    """Where a reader finds the id of a stream, outside of what is measured."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, round_, name):
        return os.path.join(self.folder, f"{round_.id}-{name}")

    def publish(self, round_, name, stream, client):
        path = self.path(round_, name)
        with open(path + ".new", "w") as file:
            file.write(repr(stream.id))
        os.rename(path + ".new", path)

    def find(self, round_, name, client):
        path = self.path(round_, name)
        wait_for("a stream", lambda: os.path.exists(path))
        with open(path) as file:
            return vineyard.ObjectID(file.read())


class Names:
    """The same where the other end may be Java, which finds streams by their names."""

    def publish(self, round_, name, stream, client):
        client.persist(stream.id)  # only what is persisted can have a name
        client.put_name(stream.id, f"r{round_.id}")

    def find(self, round_, name, client):
        return client.get_name(f"r{round_.id}", wait=True)


class Round:
    def __init__(self, values):
        self.id = values["id"]
        self.work = values["work"]
        self.bytes = int(values["bytes"])
        self.nanos = int(values["millis"]) * 1_000_000
        self.count = int(values["count"])
        self.rows = self.bytes // COLUMNS // 8
        self.end = None

    def is_over(self, number):
        if self.end is None:
            self.end = time.monotonic_ns() + self.nanos
        return number >= self.count or (number >= LEAST_COUNT and time.monotonic_ns() >= self.end)


def fill(round_, columns, number):
    if round_.work == "PIPELINE":
        for index, column in enumerate(columns):
            first = number + index
            column[:] = numpy.arange(first, first + round_.rows)
    else:
        columns[0][0] = number
        columns[-1][-1] = signed(number * SPREAD)


def check(round_, columns, number):
    if round_.work == "PIPELINE":
        rows = round_.rows
        for index, column in enumerate(columns):
            require(int(column.sum()), rows * (number + index) + rows * (rows - 1) // 2, number)
    else:
        require(int(columns[0][0]), number, number)
        require(int(columns[-1][-1]), signed(number * SPREAD), number)


def require(actual, expected, number):
    if actual != expected:
        raise ValueError(f"expected {expected} in batch {number}, got {actual}")


class RecordBatches:
    """Batches that are put as objects, whose ids go through a stream."""

    def create(self, client):
        from vineyard.io.recordbatch import RecordBatchStream

        return RecordBatchStream.new(client)

    def write(self, client, writer, round_, number):
        columns = [numpy.zeros(round_.rows, dtype="int64") for _ in range(COLUMNS)]
        fill(round_, columns, number)
        names = [f"c{index}" for index in range(COLUMNS)]
        batch = pyarrow.RecordBatch.from_arrays([pyarrow.array(c) for c in columns], names)
        object_id = client.put(batch)
        writer.append(object_id)
        return object_id

    def read(self, reader, round_, number):
        batch = reader.next()
        if isinstance(batch, pandas.DataFrame):
            check(round_, [batch[f"c{index}"].values for index in range(COLUMNS)], number)
        else:
            check(round_, [batch.column(index).to_numpy() for index in range(COLUMNS)], number)


class Buffers:
    """Raw chunks that are filled in place."""

    def create(self, client):
        from vineyard.io.byte import ByteStream

        return ByteStream.new(client)

    def write(self, client, writer, round_, number):
        chunk = writer.next(round_.bytes)
        fill(round_, columns_of(chunk, round_), number)
        return None

    def read(self, reader, round_, number):
        check(round_, columns_of(reader.next(), round_), number)


def columns_of(chunk, round_):
    values = numpy.frombuffer(memoryview(chunk), dtype="int64")
    return [values[index * round_.rows : (index + 1) * round_.rows] for index in range(COLUMNS)]


class Server:
    def __init__(self, folder):
        self.socket = os.path.join(folder, "v")
        binary = os.path.join(os.path.dirname(vineyard.__file__), "bdist", "vineyardd")
        if not os.access(binary, os.X_OK):
            # Some installers lose its run bit.
            copy = os.path.join(folder, "vineyardd")
            shutil.copy(binary, copy)
            os.chmod(copy, os.stat(copy).st_mode | stat.S_IXUSR)
            binary = copy
        command = [binary, "--socket", self.socket, "--meta", "local", "--size", STORE_BYTES]
        self.log = tempfile.TemporaryFile(dir=folder)
        self.process = subprocess.Popen(
            command + ["--rpc=false"], stdout=self.log, stderr=self.log, cwd=folder
        )
        wait_for("a socket", lambda: os.path.exists(self.socket) or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise RuntimeError(f"vineyardd ended with {self.process.returncode}")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_END)
        except subprocess.TimeoutExpired:
            self.process.kill()  # it does not always end when it is told to
            self.process.wait()


class End:
    def __init__(self, kind, role, socket, meeting):
        self.kind = kind
        self.is_writer = role == "writer"
        self.meeting = meeting
        self.client = vineyard.connect(socket)
        self.streams, self.objects = [], []

    def run(self, values):
        self.forget()  # both ends are through with the round before
        round_ = Round(values)
        if round_.work == "LATENCY":
            return self.ping(round_) if self.is_writer else self.echo(round_)
        return self.write(round_) if self.is_writer else self.read(round_)

    def write(self, round_):
        stream = self.create()
        writer = stream.open_writer(self.client)
        self.publish(round_, "there", stream)
        number = 0
        while not round_.is_over(number):
            self.write_one(writer, round_, number)
            number += 1
        writer.finish()
        return {"count": number}

    def create(self):
        stream = self.kind.create(self.client)
        self.streams.append(stream.id)
        return stream

    def write_one(self, writer, round_, number):
        object_id = self.kind.write(self.client, writer, round_, number)
        if object_id is not None:
            self.objects.append(object_id)

    def publish(self, round_, name, stream):
        self.meeting.publish(round_, name, stream, self.client)

    def find(self, round_, name):
        return self.client.get(self.meeting.find(round_, name, self.client))

    def forget(self):
        """Deletes what was made for a round."""
        for stream_id in self.streams:
            self.client.drop_stream(stream_id)
        if self.objects:
            self.client.delete(self.objects, force=True, deep=True)
        self.streams, self.objects = [], []

    def read(self, round_):
        reader = self.find(round_, "there").open_reader(self.client)
        number = 0
        first = 0
        try:
            while True:
                self.kind.read(reader, round_, number)
                if number == 0:
                    first = time.monotonic_ns()
                number += 1
        except StopIteration:
            pass
        return {"count": number, "nanos": time.monotonic_ns() - first}

    def ping(self, round_):
        there, back = self.create(), self.create()
        writer = there.open_writer(self.client)
        self.publish(round_, "back", back)
        self.publish(round_, "there", there)
        reader = back.open_reader(self.client.fork())
        times = []
        number = 0
        while not round_.is_over(number):
            start = time.monotonic_ns()
            self.write_one(writer, round_, number)
            self.kind.read(reader, round_, number)
            if number > 0:
                times.append(time.monotonic_ns() - start)
            number += 1
        writer.finish()
        times.sort()

        def one_way(share):
            return times[min(len(times) - 1, int(len(times) * share))] // 2

        return {"count": len(times), "p50": one_way(0.5), "p99": one_way(0.99), "p999": one_way(0.999)}

    def echo(self, round_):
        writer = self.find(round_, "back").open_writer(self.client.fork())
        reader = self.find(round_, "there").open_reader(self.client)
        number = 0
        try:
            while True:
                self.kind.read(reader, round_, number)
                self.write_one(writer, round_, number)
                number += 1
        except StopIteration:
            writer.finish()
        return {"count": number}

    def close(self):
        self.forget()
        self.client.close()


def usage():
    times = os.times()
    return {"cpu": int((times.user + times.system) * 1e9)}


def main():
    peer, role = sys.argv[1:3]
    folder = parse(sys.argv[3:])["dir"]
    kind = Buffers() if peer == "vineyard-buffer" else RecordBatches()
    if role == "server":
        end = Server(folder)
    elif peer.startswith("ours"):
        end = End(kind, role, os.path.join(folder, "store"), Names())
    else:
        end = End(kind, role, os.path.join(folder, "v"), Files(folder))
    say("ready")
    for line in sys.stdin:
        words = line.split()
        if words[0] == "quit":
            break
        try:
            say("done", **(usage() if words[0] == "usage" else end.run(parse(words[1:]))))
        except Exception as error:
            print(repr(error), file=sys.stderr)
            say("failed", because=repr(error).replace(" ", "_"))
    end.close()
    say("done")


if __name__ == "__main__":
    # Libraries that print must not disturb the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        import numpy
        import pandas
        import pyarrow
        import vineyard

        main()
    except Exception as error:
        say("failed", because=repr(error).replace(" ", "_").replace("\n", "_"))
        sys.exit(1)
