"""A plugin of pytest that writes what became of each test, a line of JSON at once, to the file that CONFORMANCE_OUTCOMES names.

At once, so that what was found out before a test hangs or its process dies is not lost.
"""

import json
import os


def write(**event):
    with open(os.environ["CONFORMANCE_OUTCOMES"], "a") as file:
        file.write(json.dumps(event) + "\n")


def pytest_deselected(items):
    for item in items:
        write(test=item.nodeid, outcome="deselected")


def pytest_runtest_logstart(nodeid, location):
    write(test=nodeid, outcome="started")


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        write(test=report.nodeid, outcome=report.outcome, reason=reason(report))


def reason(report):
    if report.outcome == "passed":
        return ""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2]
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash.message if crash else str(report.longrepr)


def pytest_warning_recorded(warning_message, when, nodeid):
    # A test that fails in a thread of its own passes all the same.
    if warning_message.category.__name__ == "PytestUnhandledThreadExceptionWarning":
        lines = str(warning_message.message).strip().splitlines()
        errors = [line.strip() for line in lines if "Error: " in line or "Exception: " in line]
        write(test=nodeid, outcome="thread", reason=errors[-1] if errors else lines[0])
