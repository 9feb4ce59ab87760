"""Loads trees into a real Vineyard and reads them: python check.py FOLDER.

Starts the server of the package `vineyard`. In the folder are, per batch, NAME.json, the tree and
the bytes of its blobs, NAME.stream, what it was made of, and NAME.chunk, the same as a chunk of a
data frame stream has it; prints what is read as something else.
"""

import base64
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

import pyarrow as pa
import vineyard
from vineyard._C import ObjectMeta


def blob(client, content):
    if not content:
        return client.create_empty_blob()
    made = client.create_blob(len(content))
    made.copy(0, content)
    return made.seal(client)


def create(client, tree, blobs):
    meta = ObjectMeta()
    meta["typename"] = tree["typename"]
    meta["nbytes"] = 0
    for key, value in tree.items():
        if isinstance(value, dict) and "blob" in value:
            meta.add_member(key, blobs[value["blob"]])
        elif isinstance(value, dict):
            meta.add_member(key, create(client, value, blobs))
        elif key != "typename":
            meta[key] = value
    return client.create_metadata(meta)


def check(client, path):
    recorded = json.loads(path.read_text())
    blobs = {key: blob(client, base64.b64decode(text)) for key, text in recorded["blobs"].items()}
    with pa.ipc.open_stream(path.with_suffix(".stream").read_bytes()) as stream:
        expected = stream.read_next_batch()
    with pa.ipc.open_stream(path.with_suffix(".chunk").read_bytes()) as stream:
        difference = compare(stream.read_next_batch(), expected)
    if difference:
        return "chunk " + difference
    read = client.get(create(client, recorded["tree"], blobs).id)
    return compare(read, expected)


def compare(read, expected):
    read.validate(full=True)
    if not read.schema.equals(expected.schema, check_metadata=True):
        return "schema %s, expected %s" % (read.schema, expected.schema)
    if not read.equals(expected) and read.to_pylist() != expected.to_pylist():
        return "%s, expected %s" % (read.to_pylist(), expected.to_pylist())
    return None


def main(folder):
    server = pathlib.Path(vineyard.__file__).parent / "bdist" / "vineyardd"
    with tempfile.TemporaryDirectory() as place:
        path = place + "/s"
        options = ["--socket", path, "--meta", "local", "--size", "256M", "--rpc=false"]
        process = subprocess.Popen([str(server)] + options, cwd=place, stderr=subprocess.DEVNULL)
        try:
            client = connect(path)
            for tree in sorted(folder.glob("*.json")):
                difference = attempt(client, tree)
                print("%s: %s" % (tree.stem, difference or "same"))
        finally:
            process.terminate()
            process.wait()


def attempt(client, path):
    try:
        return check(client, path)
    except Exception as error:  # a type that can't be read must not hide the others
        return "%s, caused by %s" % (error, error.__cause__)


def connect(path):
    """Connects when the server listens: the client would complain on its way."""
    end = time.monotonic() + 30
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(path)
            return vineyard.connect(path)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
