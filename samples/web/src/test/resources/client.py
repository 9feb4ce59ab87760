"""client.py sum URL | send URL | check FILE: what a client with pyarrow does."""
import sys
import urllib.request

import pyarrow as pa
import pyarrow.compute as pc

ARROW = "application/vnd.apache.arrow.stream"


def numbers():
    for batch in range(10):
        first = batch * 1000
        values = [None if n % 7 == 0 else n for n in range(first, first + 1000)]
        texts = [None if n % 5 == 0 else "n" * (n % 11) + str(n) for n in range(first, first + 1000)]
        yield pa.record_batch({"n": pa.array(values, pa.int64()), "text": pa.array(texts)})


def sums(url):
    with urllib.request.urlopen(url) as body, pa.ipc.open_stream(body) as reader:
        table = reader.read_all()
    print(
        f"{table.num_rows} rows, sum(delay) = {pc.sum(table['delay'])},"
        f" sum(distance) = {pc.sum(table['distance'])}"
    )


def send(url):
    sink = pa.BufferOutputStream()
    batches = list(numbers())
    with pa.ipc.new_stream(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    body = sink.getvalue().to_pybytes()
    request = urllib.request.Request(url, body, {"Content-Type": ARROW})
    with urllib.request.urlopen(request) as answer:
        print(answer.read().decode())


def check(file):
    with pa.ipc.open_stream(file) as reader:
        got = list(reader)
    expected = list(numbers())
    assert len(got) == len(expected), len(got)
    for one, other in zip(got, expected):
        one.validate(full=True)
        assert one.equals(other), (one, other)
    print("the same")


{"sum": sums, "send": send, "check": check}[sys.argv[1]](sys.argv[2])
