"""The two servers, as processes of their own: the real vineyardd, and this project's."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

PATIENCE = 60
# It may be built first.
PATIENCE_BUILD = 600
PATIENCE_END = 5
LOOK = 0.02
LOG_LINES = 20
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def short_folder():
    """Returns a new folder whose path leaves room for a socket's, which has 107 bytes at most."""
    return tempfile.TemporaryDirectory(prefix="vineyard-", dir="/tmp")


def end_on_sigterm():
    """Lets SIGTERM unwind the stack, so that what was started is ended."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


class Server:
    """A server that runs within a with statement."""

    def __init__(self, name, command, path, folder, patience=PATIENCE):
        self.name = name
        self.socket = path
        self._patience = patience
        self._command = command
        self._folder = folder
        self._log = os.path.join(folder, name + ".log")

    def __enter__(self):
        with open(self._log, "w") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
            )
        try:
            self._wait_until_it_listens()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait_until_it_listens(self):
        end = time.monotonic() + self._patience
        while not self._listens():
            if self.exit_code() is not None:
                raise RuntimeError(f"{self.name} ended with {self.exit_code()}:\n{self.log()}")
            if time.monotonic() > end:
                raise TimeoutError(f"{self.name} did not listen within {self._patience} s:\n{self.log()}")
            time.sleep(LOOK)

    def _listens(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.socket) == 0

    def exit_code(self):
        """Returns what it ended with, None while it runs."""
        return self._process.poll()

    @property
    def pid(self):
        return self._process.pid

    def log(self):
        with open(self._log, errors="replace") as log:
            return "".join(log.readlines()[-LOG_LINES:])

    def __exit__(self, *error):
        # Its whole group: what it started ends with it.
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
                self._process.wait(PATIENCE_END)
                return
            except ProcessLookupError:
                return
            except subprocess.TimeoutExpired:
                pass  # the real one does not always end when it is told to


class Running:
    """A server that somebody else has started."""

    def __init__(self, name, path):
        self.name = name
        self.socket = os.path.abspath(path)
        self.pid = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def exit_code(self):
        return None

    def log(self):
        return ""


def real(folder, size="2G"):
    """Returns the vineyardd that is in the wheel."""
    import vineyard

    binary = os.path.join(os.path.dirname(vineyard.__file__), "bdist", "vineyardd")
    if not os.access(binary, os.X_OK):
        # Some installers lose its run bit.
        copy = os.path.join(folder, "vineyardd")
        shutil.copy(binary, copy)
        os.chmod(copy, os.stat(copy).st_mode | stat.S_IXUSR)
        binary = copy
    path = os.path.join(folder, "real")
    # With RPC it would listen on all interfaces.
    command = [binary, "--socket", path, "--meta", "local", "--size", size, "--rpc=false"]
    return Server("real", command, path, folder)


def ours(folder, size="2G"):
    """Returns the server of this project."""
    path = os.path.join(folder, "ours")
    command = [os.path.join(ROOT, "samples", "run"), "server", "--socket", path, "--capacity", size]
    return Server("ours", command, path, folder, PATIENCE_BUILD)
