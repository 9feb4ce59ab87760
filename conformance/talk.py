"""What conversations that are recorded have in common."""

import gc
import json
import time

import pandas
import pyarrow
import vineyard

PATIENCE = 20


class Talk:
    """One conversation: where its clients connect, and what has been said so far."""

    def __init__(self, path, journal):
        self._path = path
        self._journal = journal
        self.client = vineyard.connect(path)

    def another(self):
        """Returns a client with a connection of its own: connect gives all clients of a process the same one."""
        return vineyard.connect(self._path).fork()

    def wait_for(self, message_type):
        """Waits until somebody has sent a message, to which no answer comes yet."""
        self._wait_until(lambda line: line.get("message", {}).get("type") == message_type)

    def wait_for_close(self, connection):
        self._wait_until(lambda line: "closed" in line and line["connection"] == connection)

    def _wait_until(self, matches):
        end = time.monotonic() + PATIENCE
        while not any(matches(line) for line in lines(self._journal)):
            if time.monotonic() > end:
                raise TimeoutError(f"expected another line within {PATIENCE} s")
            time.sleep(0.01)

    def end(self):
        """Leaves, and waits until all connections are seen to be closed."""
        self.client.close()
        del self.client
        gc.collect()
        for connection in {line["connection"] for line in lines(self._journal)}:
            self.wait_for_close(connection)


def lines(path):
    """Returns what has been recorded so far, without a line that is being written."""
    with open(path) as file:
        return [json.loads(line) for line in file.read().split("\n")[:-1]]


def refused(error, call, *arguments):
    """Calls what has to fail."""
    try:
        call(*arguments)
    except error as expected:
        return expected
    raise AssertionError(f"expected {error.__name__}")


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


def present(client, ids):
    return [client.exists(one) for one in ids]


def same_frame(actual, expected):
    pandas.testing.assert_frame_equal(actual, expected)


def batch(*values):
    return pyarrow.RecordBatch.from_arrays([pyarrow.array(values)], ["n"])


CONVERSATIONS = {}


def conversation(function):
    CONVERSATIONS[function.__name__.replace("_", "-")] = function
    return function
