"""Runs the suites in Vineyard's wheel against two servers, one after the other, and prints how they compare."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time

import servers
import vineyard

SITE = os.path.dirname(os.path.dirname(os.path.abspath(vineyard.__file__)))
SUITES = [
    "vineyard/io/tests/test_stream.py",
    "vineyard/core/tests/test_client.py",
    "vineyard/core/tests/test_context.py",
    "vineyard/data/tests",
    "vineyard/shared_memory/tests",
]
LEAST_PASSED = 78
TEST_SECONDS = 60
# A test that waits in the client's native code can't be interrupted, its process has to go.
SILENCE_SECONDS = 90
LOOK = 0.2
MOST_ROUNDS = 6
REASON_WIDTH = 150
# These look at the whole machine, where others come and go.
REPEATABLE = {
    "vineyard/core/tests/test_client.py::test_memory_trim": "it looks at the shared memory of the whole machine",
}
REPEATS = 3
RPC = (
    "its name has 'rpc': it wants a TCP connection to the server (--vineyard-endpoint), and compares it with the IPC "
    "one or repeats a test over it. Both servers run without RPC"
)
OTHER_FILES = {
    "vineyard/core/tests/test_rpc_client.py": "all of it needs an RPC connection",
    "vineyard/data/benchmarks": "measures pickling, asks no server",
    "vineyard/deploy/tests": "starts vineyardd's own clusters, with etcd and RPC",
}


class Run:
    """What became of the tests on one server."""

    def __init__(self, name):
        self.name = name
        self.outcomes = {}
        self.reasons = {}
        self.deselected = []
        self.threads = {}
        self.repeated = {}
        self.running = None
        self.seconds = 0

    def read(self, path):
        if not os.path.exists(path):
            return
        with open(path) as file:
            events = [json.loads(line) for line in file]
        for event in events:
            self._take(event["test"], event["outcome"], event.get("reason", ""))

    def _take(self, test, outcome, reason):
        if outcome == "deselected":
            if test not in self.outcomes:
                self.deselected.append(test)
        elif outcome == "thread":
            self.threads[test] = reason
        elif outcome == "started":
            self.running = test
        else:
            # A test whose teardown fails was reported before.
            if self.outcomes.get(test) != "failed":
                self.outcomes[test], self.reasons[test] = outcome, reason
            self.running = None

    def hung(self):
        """Takes the test that was running when its process had to be ended as failed."""
        if self.running is not None:
            self.outcomes[self.running] = "failed"
            self.reasons[self.running] = f"hung: no answer within {SILENCE_SECONDS} s, or its process died"
            self.running = None

    def count(self, outcome, suite=""):
        return sum(
            1 for test, got in self.outcomes.items() if got == outcome and test.startswith(suite)
        )


def pytest(server, folder, number, tests, deselect=()):
    """Runs pytest once. Returns its file of outcomes, and whether it came to its end."""
    outcomes = os.path.join(folder, f"{server.name}-{number}")
    command = [sys.executable, "-m", "pytest", "-q", "--timeout", str(TEST_SECONDS)]
    command += ["-p", "no:cacheprovider", "-p", "outcomes", *tests]
    command += [f"--vineyard-ipc-socket={server.socket}", "-k", "not rpc"]
    command += [word for test in deselect for word in ("--deselect", test)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("VINEYARD_")}
    environment["CONFORMANCE_OUTCOMES"] = outcomes
    # A server that is gone stays gone.
    environment["VINEYARD_IPC_SKIP_RETRY"] = "1"
    with open(outcomes + ".log", "w") as log:
        process = subprocess.Popen(
            command,
            cwd=SITE,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        ended = wait_while_it_speaks(process, outcomes)
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
    return outcomes, ended and process.returncode in (0, 1)


def wait_while_it_speaks(process, path):
    """Returns whether a process ended by itself: one that says nothing for long does not."""
    said, end = -1, 0
    while process.poll() is None:
        size = os.path.getsize(path) if os.path.exists(path) else 0
        if size != said:
            said, end = size, time.monotonic() + SILENCE_SECONDS
        if time.monotonic() > end:
            return False
        time.sleep(LOOK)
    return True


def run_all(server, folder):
    run = Run(server.name)
    began = time.monotonic()
    for number in range(MOST_ROUNDS):
        outcomes, ended = pytest(server, folder, number, SUITES, list(run.outcomes))
        before = len(run.outcomes)
        run.read(outcomes)
        if ended:
            break
        run.hung()
        if len(run.outcomes) == before:
            with open(outcomes + ".log", errors="replace") as log:
                raise RuntimeError(f"pytest ran no test on {server.name}:\n{log.read()[-2000:]}")
    run.deselected = sorted(set(run.deselected) - set(run.outcomes))
    for test in REPEATABLE:
        repeat(server, folder, run, test)
    run.seconds = time.monotonic() - began
    if server.exit_code() is not None:
        say(f"The server {server.name} ended with {server.exit_code()}:\n{server.log()}")
    return run


def repeat(server, folder, run, test):
    for number in range(1, REPEATS):
        if run.outcomes.get(test) != "failed":
            return
        again = Run(server.name)
        outcomes, _ = pytest(server, folder, f"again-{number}", [test])
        again.read(outcomes)
        again.hung()
        run.outcomes.update(again.outcomes)
        run.reasons.update(again.reasons)
        run.repeated[test] = number + 1


def say(text=""):
    print(text, flush=True)


def one_line(text):
    line = " ".join(text.split())
    return line if len(line) <= REASON_WIDTH else line[: REASON_WIDTH - 1] + "…"


def print_table(real, ours):
    suites = sorted({test.split("::")[0] for test in [*real.outcomes, *ours.outcomes]})
    columns = ["passed", "failed", "skipped"]
    say(f"{'':50} {'real':^26} {'ours':^26}")
    say(f"{'suite':50}" + "".join(f"{c:>9}" for c in columns * 2))
    for suite in [*suites, ""]:
        counts = [run.count(column, suite) for run in (real, ours) for column in columns]
        say(f"{suite or 'all':50}" + "".join(f"{count:9}" for count in counts))
    say(f"{'seconds':50}{real.seconds:27.1f}{ours.seconds:27.1f}")
    say()


def print_differences(real, ours):
    """Returns the tests that are worse on ours."""
    tests = sorted({*real.outcomes, *ours.outcomes})
    differing = [t for t in tests if real.outcomes.get(t) != ours.outcomes.get(t)]
    say(f"Tests that differ: {len(differing) or 'none'}")
    for test in differing:
        say(f"  {test}: real {told(real, test)}; ours {told(ours, test)}")
    for run in (real, ours):
        for test, times in run.repeated.items():
            say(f"Repeated on {run.name}, {REPEATABLE[test]}: {test}, {run.outcomes[test]} at the {times}. time")
    for test in sorted({*real.threads, *ours.threads}):
        say(f"Passes whatever the server does, its threads fail: {test}")
        for run in (real, ours):
            say(f"  {run.name}: {one_line(run.threads.get(test, 'no error'))}")
    say()
    worse = [t for t in differing if real.outcomes.get(t) == "passed" or ours.outcomes.get(t) == "failed"]
    # A server on which the threads of a test fail otherwise is not the same either.
    return worse + [t for t in ours.threads if t not in real.threads]


def told(run, test):
    outcome = run.outcomes.get(test, "not run")
    reason = run.reasons.get(test)
    return f"{outcome} ({one_line(reason)})" if reason else outcome


def print_left_out(real, ours):
    say("Every test that is left out, with its reason")
    skipped = {}
    for run in (real, ours):
        for test, outcome in run.outcomes.items():
            if outcome == "skipped":
                why = one_line(run.reasons[test].removeprefix("Skipped: "))
                skipped.setdefault((test, why), []).append(run.name)
    say(f"skipped: {len(skipped)}")
    for (test, why), names in sorted(skipped.items()):
        say(f"  {test} on {' and '.join(names)}: {why}")
    deselected = sorted({*real.deselected, *ours.deselected})
    say(f"deselected by -k 'not rpc' on both: {len(deselected)}; {RPC}")
    for test in deselected:
        say(f"  {test}")
    say("other files of the wheel")
    for path, why in OTHER_FILES.items():
        if os.path.exists(os.path.join(SITE, path)):
            say(f"  {path}: {why}")
    say()


def main():
    parser = argparse.ArgumentParser(prog="conformance/run")
    parser.add_argument("--server", metavar="SOCKET")
    arguments = parser.parse_args()
    servers.end_on_sigterm()
    with servers.short_folder() as folder:
        mine = servers.Running("ours", arguments.server) if arguments.server else servers.ours(folder)
        runs = []
        for server in (servers.real(folder), mine):
            say(f"running Vineyard's suites on {server.name}")
            with server:
                runs.append(run_all(server, folder))
    real, ours = runs
    say()
    print_table(real, ours)
    worse = print_differences(real, ours)
    print_left_out(real, ours)
    passed = ours.count("passed")
    if worse or passed < LEAST_PASSED:
        say(f"FAILED: ours is worse than the real one in {len(worse)} tests, {passed} passed, expected {LEAST_PASSED} or more")
        return 1
    say(f"Passed: ours is worse than the real one in no test, {passed} passed")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, TimeoutError) as error:
        print(f"conformance/run: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
