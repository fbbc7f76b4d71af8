#!/usr/bin/python3
"""Compares what a value costs the CPU of cardinald and of Redis.

usage: compare.py BIN [--quick] [--rounds N] [--redis PROGRAM]

BIN is the folder with cardinald and cardinal-bench. Each run has a fresh server,
on loopback, pinned to the first core, with the load tester on the second. A round
takes every workload through Redis, cardinald, and cardinald given raw values, as
Redis gets them; the order turns around from round to round, and a ratio is always
of two runs of one round, which lie seconds apart. `./dev bench` runs this;
docs/benchmarks.md tells how to read what it prints.
"""
import argparse
import collections
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

# A workload: its arguments in full, those that --quick puts after them, whether it sends
# values (and so hashed or raw ones), and what the table calls it and divides its figures by.
Workload = collections.namedtuple("Workload", "name full quick sends label divisor")
WORKLOADS = [
    Workload("hot", [], ["--values", "1000000"], True, "hot", 1),
    Workload("many", [], ["--values", "300000"], True, "many", 1),
    Workload("wide", [], ["--values", "110000"], True, "wide", 1),
    Workload("grouped", [], ["--values", "110000"], True, "grouped", 1),
    Workload(
        "point",
        ["--batch", "100", "--in-flight", "4"],
        ["--values", "200000", "--keys", "20000"],
        False,
        "point, a key of 100 asked for together",
        1,
    ),
    Workload(
        "union",
        ["--keys", "1000", "--batch", "1000", "--per-key", "5000", "--values", "100"],
        ["--keys", "1000", "--batch", "100", "--per-key", "1000"],
        False,
        "union of listed keys, us",
        1000,
    ),
    Workload(
        "scan",
        ["--values", "300"],
        ["--values", "50", "--keys", "20000"],
        False,
        "scan, a page of 1,000, us",
        1000,
    ),
    Workload("mixed", ["--values", "1000000"], ["--values", "100000"], True, "mixed", 1),
]
KINDS = REDIS, HASHED, RAW = "Redis", "cardinald", "cardinald, raw"
START_SECONDS = 20


def pin(core):
    """Words to put before a command, so that it runs on that core."""
    cores = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cores[core])] if len(cores) > core and len(cores) > 1 else []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server that lives as long as a `with` block; .address is for --target."""

    def __init__(self, command, folder):
        self.log = open(os.path.join(folder, "server.log"), "a+b")
        self.process = subprocess.Popen(
            pin(0) + command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def fail(self):
        self.log.seek(0)
        sys.exit("a server did not start:\n" + self.log.read().decode(errors="replace"))


class Cardinald(Server):
    def __init__(self, options, folder):
        command = [options.bin + "/cardinald", "--listen", "tcp://127.0.0.1:0", "--threads", "1"]
        super().__init__(command, folder)
        found = re.search(rb"tcp://[0-9.:]+", self.process.stdout.readline())
        if not found:
            self.fail()
        self.address = found.group().decode()


class Redis(Server):
    def __init__(self, options, folder):
        port = free_port()
        command = [options.redis, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        super().__init__(command + ["--appendonly", "no", "--dir", folder, "--logfile", "redis.log"], folder)
        self.address = "redis://127.0.0.1:%d" % port
        end = time.monotonic() + START_SECONDS
        while not self.answers(port):
            if self.process.poll() is not None or time.monotonic() > end:
                self.fail()
            time.sleep(0.02)

    @staticmethod
    def answers(port):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            return False


def bench(options, arguments, core=1):
    """Runs cardinal-bench; the object it ends with."""
    command = pin(core) + [options.bin + "/cardinal-bench", "--json"] + arguments
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit("%s\n%s%s" % (" ".join(command), run.stderr, run.stdout))
    return json.loads(run.stdout)


def measure(options, kind, workload):
    arguments = ["--workload", workload.name] + workload.full + (workload.quick if options.quick else [])
    arguments += ["--raw"] if kind == RAW else []
    with tempfile.TemporaryDirectory() as folder:
        with (Redis if kind == REDIS else Cardinald)(options, folder) as server:
            return bench(options, ["--target", server.address] + arguments)


def print_run(number, workload, kind, result, memory):
    line = "%d  %-8s %-14s server %10.1f ns  client %8.1f ns %10.0f/s  p99 %7.0f us" % (
        number + 1,
        workload.name,
        kind,
        result["server_cpu_ns_per_value"],
        result["client_cpu_ns_per_value"],
        result["values_per_second"],
        result["latency_us"]["p99"],
    )
    if "read_latency_us" in result:
        line += ", of reads %.0f" % result["read_latency_us"]["p99"]
    line += "  memory " + ", ".join("%s %.0f ns" % place for place in memory.items())
    print(line, flush=True)


def run_round(options, number):
    """All runs of a round, by workload and kind, with a line for each."""
    figures = {}
    for workload in WORKLOADS:
        kinds = [REDIS, HASHED] + ([RAW] if workload.sends else [])
        for kind in kinds if number % 2 == 0 else reversed(kinds):
            memory = bench(options, ["--memory"], core=0)["memory_latency_ns"]
            result = measure(options, kind, workload)
            figures[workload.name, kind] = result
            print_run(number, workload, kind, result, memory)
    return figures


def spread(numbers):
    """The median, the least and the most; nothing of nothing."""
    if not numbers:
        return ""
    median = statistics.median(numbers)
    digits = 0 if median >= 1000 else 1 if median >= 10 else 2
    return "%s (%s to %s)" % tuple("{:,.{}f}".format(n, digits) for n in (median, min(numbers), max(numbers)))


def column(rounds, workload, kind, name):
    """A figure of all rounds; none where the workload has no such kind."""
    runs = [figures[workload.name, kind] for figures in rounds if (workload.name, kind) in figures]
    return [run[name] / workload.divisor for run in runs]


def row(rounds, workload):
    server = {k: column(rounds, workload, k, "server_cpu_ns_per_value") for k in KINDS}
    client = [column(rounds, workload, k, "client_cpu_ns_per_value") for k in KINDS]
    times = [[redis / own for redis, own in zip(server[REDIS], server[k]) if own > 0] for k in (HASHED, RAW)]
    clients = " / ".join("{:,.0f}".format(statistics.median(c)) for c in client if c)
    cells = [workload.label] + [spread(server[k]) for k in KINDS] + [spread(t) for t in times] + [clients]
    return "| " + " | ".join(cells) + " |"


def print_table(rounds):
    print()
    print("| server CPU, ns a value | Redis | cardinald | cardinald, raw | times under Redis | raw | client CPU |")
    print("|---|---|---|---|---|---|---|")
    for workload in WORKLOADS:
        print(row(rounds, workload))
    print()
    print("Median (least to most) of %d rounds; client CPU: medians in the order of the servers." % len(rounds))


def print_machine(options):
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        models = set(re.findall(r"model name\s*: (.*)", info.read()))
    version = re.search(r"v=(\S+)", subprocess.check_output([options.redis, "--version"], text=True))
    own = subprocess.check_output([options.bin + "/cardinald", "--version"], text=True).strip()
    print("%s; Redis %s" % (own, version.group(1) if version else "of an unknown version"))
    print(
        "%d cores of %s, load %s, %s"
        % (os.cpu_count(), ", ".join(models), "%.1f" % os.getloadavg()[0], time.strftime("%Y-%m-%d %H:%M"))
    )


def main():
    parser = argparse.ArgumentParser(description="Compares the CPU that a value costs cardinald and Redis.")
    parser.add_argument("bin", help="the folder with cardinald and cardinal-bench")
    parser.add_argument("--quick", action="store_true", help="smaller workloads: under a minute")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each workload (default 3)")
    parser.add_argument("--redis", default="redis-server", help="the program to compare with")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds: at least one")
    if shutil.which(options.redis) is None:
        sys.exit("there is no program '%s'" % options.redis)
    print_machine(options)
    print_table([run_round(options, number) for number in range(options.rounds)])


if __name__ == "__main__":
    main()
