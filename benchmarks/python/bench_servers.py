"""Measures the real vineyardd and this project's server with bench.py, alternating, and prints medians and ratios."""

import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), ".run"))

import servers

PATIENCE = 600
WARM_SECONDS = 1


def tell(text):
    print("vineyard: " + text, file=sys.stderr, flush=True)


def measure(server, seconds):
    """Returns what bench.py finds, figure by figure."""
    command = [sys.executable, os.path.join(HERE, "bench.py")]
    command += ["--socket", server.socket, "--seconds", str(seconds)]
    if server.pid is not None:
        command += ["--server-pid", str(server.pid)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
    if done.returncode != 0:
        raise RuntimeError(f"bench.py failed on {server.name}:\n{done.stderr[-3000:]}\n{server.log()}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {(line["figure"], line["bytes"], line["unit"]): line["value"] for line in lines}


def size(count):
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count} {unit}"
        count //= 1024
    return f"{count} GiB"


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.3f}"


def ratio(medians):
    # What takes a server less than its clock shows has none.
    return f"{medians[1] / medians[0]:.2f}x" if medians[0] > 0 else "-"


def print_table(measured):
    print(f"{'figure':20} {'size':>8}  {'unit':9}" + f"{'real':>12} {'min':>11} {'max':>11}", end="")
    print(f"{'ours':>12} {'min':>11} {'max':>11}  ours/real")
    for key in measured["real"]:
        if key not in measured["ours"]:
            continue  # what a server takes whose process is not known
        figure, count, unit = key
        row = f"{figure:20} {size(count):>8}  {unit:9}"
        medians = []
        for name in ("real", "ours"):
            values = measured[name][key]
            medians.append(statistics.median(values))
            row += f"{number(medians[-1]):>12} {number(min(values)):>11} {number(max(values)):>11}"
        print(f"{row}  {ratio(medians)}")


def print_json(measured):
    """Prints lines like those of the other benchmarks."""
    for name, figures in measured.items():
        for (figure, count, unit), values in figures.items():
            line = {
                "benchmark": "vineyard",
                "peer": name,
                "setup": "server",
                "batch_bytes": count,
                "metric": figure,
                "value": round(statistics.median(values), 3),
                "unit": unit,
                "min": round(min(values), 3),
                "max": round(max(values), 3),
                "rounds": len(values),
                "cores": os.cpu_count(),
            }
            print(json.dumps(line))


def main():
    parser = argparse.ArgumentParser(prog="benchmarks/run vineyard")
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--server", metavar="SOCKET")
    options = parser.parse_args()
    servers.end_on_sigterm()
    with servers.short_folder() as folder:
        mine = servers.Running("ours", options.server) if options.server else servers.ours(folder)
        with servers.real(folder) as real, mine as ours:
            measured = {"real": {}, "ours": {}}
            for server in (real, ours):
                tell(f"warming up {server.name}")
                measure(server, WARM_SECONDS)
            for round_ in range(options.rounds):
                # Who comes first changes, lest one always has the caches of the other.
                for server in (real, ours) if round_ % 2 == 0 else (ours, real):
                    tell(f"round {round_ + 1} of {options.rounds}, {server.name}")
                    for key, value in measure(server, options.seconds).items():
                        measured[server.name].setdefault(key, []).append(value)
    (print_json if options.json else print_table)(measured)


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, TimeoutError, subprocess.TimeoutExpired) as error:
        print(f"vineyard failed: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
