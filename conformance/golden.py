"""Records small conversations of the real client with the real server, as golden files for the tests of this project's server.

DIR/bin/python conformance/golden.py [NAME...], DIR being the environment of conformance/run. Each conversation
has a server of its own, so that its ids and lists do not depend on the others.
"""

import argparse
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), ".run"))

import compare
import object_conversations  # noqa: F401, what is imported adds its conversations
import servers
import stream_conversations  # noqa: F401
from talk import CONVERSATIONS, PATIENCE, Talk, lines

GOLDEN = os.path.join(
    os.path.dirname(HERE), "vineyard-store", "src", "test", "resources", "vineyard-dialect"
)
STORE = "64M"


def play(name, server, folder, path):
    """Has a conversation with a server, and writes it down."""
    between = os.path.join(folder, "between")
    command = [sys.executable, os.path.join(HERE, "record.py"), "--server", server.socket]
    # The client holds the lock of its interpreter while it waits: the recorder needs a process of its own.
    recorder = subprocess.Popen([*command, "--listen", between, "--to", path])
    try:
        end = time.monotonic() + PATIENCE
        while not os.path.exists(between) and time.monotonic() < end:
            time.sleep(0.01)
        talk = Talk(between, path)
        CONVERSATIONS[name](talk)
        talk.end()
    finally:
        recorder.terminate()
        recorder.wait(PATIENCE)


def record(name):
    path = golden(name)
    with servers.short_folder() as folder, servers.real(folder, STORE) as server:
        play(name, server, folder, path)
    print(f"{name}: {len(lines(path))} lines", flush=True)


def is_same(name):
    """Has a conversation with this project's server. Returns whether it went as with the real one."""
    with servers.short_folder() as folder, servers.ours(folder, STORE) as server:
        path = os.path.join(folder, "said")
        try:
            play(name, server, folder, path)
            difference = compare.difference(lines(golden(name)), lines(path))
        except Exception as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())
            difference = f"{said}\n{compare.difference(lines(golden(name)), lines(path))}"
    print(f"{name}: {difference or 'the same'}", flush=True)
    return not difference


def golden(name):
    return os.path.join(GOLDEN, name + ".jsonl")


def main():
    parser = argparse.ArgumentParser(description="Records golden conversations.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which of them, all if none is named")
    parser.add_argument("--compare", action="store_true", help="compares this project's server with what is recorded")
    options = parser.parse_args()
    names = options.names or list(CONVERSATIONS)
    unknown = sorted(set(names) - set(CONVERSATIONS))
    if unknown:
        parser.error(f"no conversation named {', '.join(unknown)}: there are {', '.join(CONVERSATIONS)}")
    servers.end_on_sigterm()
    if options.compare:
        same = [is_same(name) for name in names]
        print(f"{sum(same)} of {len(same)} conversations are the same")
        sys.exit(0 if all(same) else 1)
    os.makedirs(GOLDEN, exist_ok=True)
    for name in names:
        record(name)


if __name__ == "__main__":
    main()
