#!/usr/bin/env python3
"""Stands between a Vineyard client and its server, and writes down what they say.

record.py --server SOCKET --listen SOCKET --to FILE, until SIGTERM. Every message is a line of JSON:

{"connection": 1, "from": "client", "descriptors": 0, "message": {"type": "register_request", ...}}

Connections are counted from 1 in the order in which they come. Descriptors are those that follow the message, each
with one byte of its own. A connection that ends is a line without a message: {"connection": 1, "from": "client", "closed": true}.
Names of the machine and of its sockets become `host`, `1` and `/run/v.sock`.
"""

import argparse
import json
import os
import platform
import signal
import socket
import struct
import sys
import threading

LENGTH = struct.Struct("<Q")
INT = struct.Struct("i")
MOST_BYTES = 256 << 20
MOST_DESCRIPTORS = 8


class Ended(Exception):
    """The other side has closed its socket."""


class Journal:
    """The file of all lines, in the order in which messages passed."""

    def __init__(self, path, sockets):
        self._file = open(path, "w")
        self._sockets = set(sockets)
        self._host = platform.node()
        self._lock = threading.Lock()

    def write(self, **line):
        with self._lock:
            self._file.write(json.dumps(self._anonymous(line), ensure_ascii=False) + "\n")
            self._file.flush()

    def _anonymous(self, value, key=None):
        if isinstance(value, dict):
            return {name: self._anonymous(member, name) for name, member in value.items()}
        if isinstance(value, list):
            return [self._anonymous(member) for member in value]
        if key == "hostid":
            return 1
        if value in self._sockets:
            return "/run/v.sock"
        if value == self._host:
            return "host"
        if isinstance(value, str) and value.startswith(self._host + ":"):
            return "host" + value[len(self._host) :]
        return value


def read_exactly(source, size):
    # Never more: a descriptor that comes with the next byte would be lost.
    body = bytearray()
    while len(body) < size:
        part = source.recv(min(size - len(body), 1 << 20))
        if not part:
            raise Ended
        body += part
    return bytes(body)


def read_message(source):
    """Returns the bytes of a message, its length first."""
    first, descriptors, _, _ = socket.recv_fds(source, 1, MOST_DESCRIPTORS)
    if not first:
        raise Ended
    if descriptors:
        raise ValueError("a descriptor that was not announced")
    header = first + read_exactly(source, LENGTH.size - 1)
    (size,) = LENGTH.unpack(header)
    if size > MOST_BYTES:
        raise ValueError(f"expected at most {MOST_BYTES} bytes, got {size}")
    return header + read_exactly(source, size)


def announced(message):
    """Returns how many descriptors follow a reply."""
    if not isinstance(message, dict):
        return 0
    if isinstance(message.get("fds"), list):
        return len(message["fds"])
    return 1 if message.get("fd", -1) > 0 else 0


def pass_descriptor(source, sink):
    byte, descriptors, _, _ = socket.recv_fds(source, 1, MOST_DESCRIPTORS)
    if len(byte) != 1 or len(descriptors) != 1:
        raise ValueError(f"expected a byte with a descriptor, got {len(byte)} with {len(descriptors)}")
    socket.send_fds(sink, [byte], descriptors)
    os.close(descriptors[0])


def pump(journal, number, side, source, sink):
    """Passes on all that one side says. A message is written down before it goes on, so that causes precede effects."""
    try:
        while True:
            body = read_message(source)
            message = json.loads(body[LENGTH.size :])
            count = announced(message) if side == "server" else 0
            journal.write(**{"connection": number, "from": side, "descriptors": count, "message": message})
            sink.sendall(body)
            for _ in range(count):
                pass_descriptor(source, sink)
    except (Ended, ConnectionError):
        pass
    except ValueError as error:
        print(f"record: connection {number}, from {side}: {error}", file=sys.stderr)
    if side == "client":
        journal.write(**{"connection": number, "from": side, "closed": True})
    for end in (sink, source):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(listener, server, journal):
    number = 0
    while True:
        client, _ = listener.accept()
        number += 1
        upstream = socket.socket(socket.AF_UNIX)
        upstream.connect(server)
        for side, source, sink in (("client", client, upstream), ("server", upstream, client)):
            threading.Thread(
                target=pump, args=(journal, number, side, source, sink), daemon=True
            ).start()


def main():
    parser = argparse.ArgumentParser(description="Writes down what a Vineyard client and its server say.")
    parser.add_argument("--server", required=True, metavar="SOCKET", help="where the server listens")
    parser.add_argument("--listen", required=True, metavar="SOCKET", help="where clients connect")
    parser.add_argument("--to", required=True, metavar="FILE", help="what is written, anew")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    journal = Journal(arguments.to, [arguments.server, arguments.listen])
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(arguments.listen + ".new")
        listener.listen(64)
        # Whoever sees it can connect.
        os.rename(arguments.listen + ".new", arguments.listen)
        try:
            serve(listener, arguments.server, journal)
        finally:
            os.unlink(arguments.listen)


if __name__ == "__main__":
    main()
