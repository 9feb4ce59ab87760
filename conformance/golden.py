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

import object_conversations  # noqa: F401, what is imported adds its conversations
import servers
import stream_conversations  # noqa: F401
from talk import CONVERSATIONS, PATIENCE, Talk, lines

GOLDEN = os.path.join(
    os.path.dirname(HERE), "vineyard-store", "src", "test", "resources", "vineyard-dialect"
)


def record(name, run):
    path = os.path.join(GOLDEN, name + ".jsonl")
    with servers.short_folder() as folder, servers.real(folder, "64M") as server:
        between = os.path.join(folder, "between")
        command = [sys.executable, os.path.join(HERE, "record.py"), "--server", server.socket]
        # The client holds the lock of its interpreter while it waits: the recorder needs a process of its own.
        recorder = subprocess.Popen([*command, "--listen", between, "--to", path])
        try:
            end = time.monotonic() + PATIENCE
            while not os.path.exists(between) and time.monotonic() < end:
                time.sleep(0.01)
            talk = Talk(between, path)
            run(talk)
            talk.end()
        finally:
            recorder.terminate()
            recorder.wait(PATIENCE)
    print(f"{name}: {len(lines(path))} lines")


def main():
    parser = argparse.ArgumentParser(description="Records golden conversations.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which of them, all if none is named")
    names = parser.parse_args().names or list(CONVERSATIONS)
    servers.end_on_sigterm()
    os.makedirs(GOLDEN, exist_ok=True)
    for name in names:
        record(name, CONVERSATIONS[name])


if __name__ == "__main__":
    main()
