#!/usr/bin/python3
"""What the journal costs: the same load with and without a data directory, in turn.

usage: compare_journal.py BIN [WORKLOAD [ROUNDS [cardinal-bench's options ..]]]

BIN has cardinald and cardinal-bench. Each round starts a fresh daemon of one loop
for either way, every other round in reverse, and takes the ratio of the two: values
a second (above 1: faster with a journal) and the server's CPU a value. The data
directory is made in $TMPDIR, whose disk is measured along.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile


def measure(programs, workload, options, journals):
    """Values a second, and the server's nanoseconds of CPU a value."""
    with tempfile.TemporaryDirectory() as place:
        address = f"unix://{place}/socket"
        command = [f"{programs}/cardinald", "--threads", "1", "--log-level", "error", "--listen", address]
        if journals:
            command += ["--data-dir", f"{place}/data"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
            daemon.stdout.readline()
            output = subprocess.run(
                [f"{programs}/cardinal-bench", "--server", address, "--workload", workload, "--json", *options],
                check=True, capture_output=True, text=True).stdout
            daemon.terminate()
        result = json.loads(output.splitlines()[-1])
        return result["values_per_second"], result["server_cpu_ns_per_value"]


def spread(values):
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def main():
    programs = sys.argv[1]
    workload = sys.argv[2] if len(sys.argv) > 2 else "many"
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    plain, journal = [], []
    for number in range(rounds):
        for journals in (False, True) if number % 2 == 0 else (True, False):
            (journal if journals else plain).append(measure(programs, workload, sys.argv[4:], journals))
    print(f"{workload}, {rounds} rounds on {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    for place, name in enumerate(("values a second", "server CPU, ns a value")):
        print(f"{name}: without {spread([p[place] for p in plain])}, with {spread([j[place] for j in journal])}, "
              f"ratio {spread([j[place] / p[place] for p, j in zip(plain, journal)])}")


if __name__ == "__main__":
    main()
