#!/usr/bin/env python3
"""Runs Weir and other tools over the same files, holds their counts against each other, and prints how long each took.

See README.md beside this file. Only the standard library is needed: the others are installed into a virtual environment.
"""

import argparse
import math
import os
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
EXAMPLES = ROOT / "target" / "release" / "examples"
PEERS = ["duckdb", "polars"]
# Beyond this many events, `jq` and tools as slow would take longer than all others together.
FEW = 100_000


def main():
    options = arguments()
    options.folder.mkdir(parents=True, exist_ok=True)
    cargo = [*options.cargo.split(), "build", "--workspace", "--release"]
    for example in ["generate", "native", "weir"]:
        cargo += ["--example", f"peers-{example}"]
    subprocess.run(cargo, cwd=ROOT, check=True)
    python = environment(options.folder / "venv")
    bench = Bench(options, python)
    if "formats" in options.parts:
        formats(bench)
    if "scaling" in options.parts:
        scaling(bench)
    if "memory" in options.parts:
        memory(bench)
    if "services" in options.parts:
        services(bench)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/weir-peers"), help="for data and the environment")
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--services", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=numbers, default=[1, 2], help="as in 1,2")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--formats", default="json,access-log,csv,parquet")
    parser.add_argument("--parts", default="formats,scaling,services", help="formats, scaling, memory, services")
    parser.add_argument("--memory-events", type=numbers, default=[1_000_000, 50_000_000])
    parser.add_argument("--cargo", default="cargo", help="the command that builds")
    return parser.parse_args()


def numbers(text):
    return [int(number) for number in text.split(",")]


def environment(folder):
    """The interpreter of a virtual environment that has the peers."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)
    return python


class Run:
    """What one run of a tool took."""

    def __init__(self, seconds, processor, memory, counts):
        self.seconds = seconds
        self.processor = processor
        self.memory = memory
        self.counts = counts


class Bench:
    def __init__(self, options, python):
        self.options = options
        self.python = python

    def data(self, format, events, services):
        """The file with these events; it is made when it is not there."""
        file = self.options.folder / f"{format}-{events}-{services}-{self.options.seed}"
        if file.exists():
            return file
        partial = file.with_suffix(".partial")
        if format == "parquet":
            table = self.data("csv", events, services)
            subprocess.run([self.python, HERE / "peers.py", "to-parquet", table, partial], check=True)
        else:
            with open(partial, "wb") as out:
                command = [EXAMPLES / "peers-generate", format, events, services, self.options.seed]
                subprocess.run([str(word) for word in command], stdout=out, check=True)
        partial.rename(file)
        return file

    def commands(self, format, file, threads, services):
        """The tools that read a format, each with its command line."""
        weir = [EXAMPLES / "peers-weir", format, file, threads, services, 2]
        peers = {tool: [self.python, HERE / "peers.py", tool, format, file, threads] for tool in PEERS}
        if format == "json":
            return {"weir": weir, "native": [EXAMPLES / "peers-native", file, threads], **peers}
        if format == "access-log":
            # Polars has no reader for it, and reads lines as slowly as everything else that has none.
            return {"weir": weir, "duckdb": peers["duckdb"]}
        return {"weir": weir, **peers}

    def run(self, command, threads):
        """Runs a command on so many processors. It says on standard error how long reading took: neither starting an
        interpreter nor compiling a plugin is what is compared."""
        processors = sorted(os.sched_getaffinity(0))[-threads:]
        command = [str(word) for word in command]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: os.sched_setaffinity(0, processors),
        )
        counts = process.stdout.read()
        errors = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"{' '.join(command)}\n{errors}")
        seconds = [float(line.split()[1]) for line in errors.splitlines() if line.startswith("seconds ")]
        lines = sorted(counts.split(b"\n"))
        return Run(seconds[-1], usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, lines)

    def compare(self, commands, threads):
        """Runs the tools in turns, checks that they agree, and gives the runs of each."""
        runs = {tool: [] for tool in commands}
        for _ in range(self.options.rounds):
            for tool, command in commands.items():
                runs[tool].append(self.run(command, threads))
                if runs[tool][-1].counts != runs["weir"][0].counts:
                    sys.exit(f"{tool} does not count as weir does: {difference(runs, tool)}")
        return runs


def difference(runs, tool):
    ours, theirs = set(runs["weir"][0].counts), set(runs[tool][-1].counts)
    return f"{sorted(ours - theirs)[:3]} and {sorted(theirs - ours)[:3]}"


def median(runs):
    return statistics.median(run.seconds for run in runs)


def formats(bench):
    options = bench.options
    print("\n| format | threads | tool | seconds | MB/s | M events/s | times weir | MB of memory |")
    print("|---|---:|---|---:|---:|---:|---:|---:|")
    for format in options.formats.split(","):
        services = 1 if format == "access-log" else options.services
        file = bench.data(format, options.events, services)
        for threads in options.threads:
            runs = bench.compare(bench.commands(format, file, threads, services), threads)
            for tool, of_tool in runs.items():
                row(format, threads, tool, of_tool, median(runs["weir"]), file, options.events)
    if "json" in options.formats.split(","):
        jq(bench)


def row(format, threads, tool, runs, ours, file, events):
    seconds = median(runs)
    speed = file.stat().st_size / seconds / 1e6
    memory = max(run.memory for run in runs)
    print(
        f"| {format} | {threads} | {tool} | {seconds:.3f} | {speed:.0f} | {events / seconds / 1e6:.2f} "
        f"| {seconds / ours:.2f} | {memory:.0f} |",
        flush=True,
    )


def jq(bench):
    """`jq` reads a part only; what it takes grows with the events. It picks the fields, and what they come to is added up
    here, which is not counted: its own sums take far longer."""
    file = bench.data("json", FEW, bench.options.services)
    weir = bench.run(bench.commands("json", file, 1, bench.options.services)["weir"], 1)
    began = time.monotonic()
    script = '"\\(.subject) \\(.time[0:16] + ":00Z" | fromdate) \\(.data.status < 500) \\(.data.duration <= 0.25)"'
    lines = subprocess.run(["jq", "-r", script, file], check=True, capture_output=True, text=True).stdout
    seconds = time.monotonic() - began
    counts = {}
    for line in lines.splitlines():
        service, minute, good, fast = line.split(" ")
        sums = counts.setdefault((service, minute), [0, 0, 0])
        for idx, is_so in enumerate([good == "true", fast == "true", True]):
            sums[idx] += is_so
    printed = [b""]
    for (service, minute), (good, fast, total) in counts.items():
        printed.append(f"availability {service} {minute} {good} {total}".encode())
        printed.append(f"latency {service} {minute} {fast} {total}".encode())
    if sorted(printed) != weir.counts:
        sys.exit("jq does not count as weir does")
    row("json", 1, f"jq ({FEW} events)", [Run(seconds, seconds, 0, [])], weir.seconds, file, FEW)


def scaling(bench):
    """How the time grows with the events: the slope of a line through the logarithms."""
    options = bench.options
    sizes = [options.events // 4, options.events // 2, options.events, options.events * 2]
    points = []
    for events in sizes:
        file = bench.data("json", events, options.services)
        weir = bench.commands("json", file, 1, options.services)["weir"]
        seconds = statistics.median(bench.run(weir, 1).seconds for _ in range(options.rounds))
        points.append((math.log(events), math.log(seconds)))
        print(f"\n{events} events: {seconds:.3f} s", end="", flush=True)
    x, y = (statistics.mean(values) for values in zip(*points))
    slope = sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)
    print(f"\nscaling exponent over {sizes[0]} to {sizes[-1]} events: {slope:.3f}")


def memory(bench):
    options = bench.options
    print()
    for events in options.memory_events:
        file = bench.data("json", events, options.services)
        run = bench.run(bench.commands("json", file, 2, options.services)["weir"], 2)
        print(f"{events} events, 2 threads: at most {run.memory:.0f} MB, {run.seconds:.2f} s", flush=True)
        if events > 10_000_000:
            file.unlink()


def services(bench):
    """What it costs that more services are measured by the same two definitions of SLIs."""
    options = bench.options
    print()
    for services in [1, 10, 100, 1000]:
        file = bench.data("json", options.events, services)
        weir = bench.commands("json", file, 1, services)["weir"]
        runs = [bench.run(weir, 1) for _ in range(options.rounds)]
        memory = max(run.memory for run in runs)
        print(f"{services} services: {median(runs):.3f} s, {memory:.0f} MB", flush=True)
        file.unlink()


if __name__ == "__main__":
    main()
