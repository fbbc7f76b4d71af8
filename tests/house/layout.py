#!/usr/bin/python3
"""Checks which folder includes which, and reports the length of files and functions.

usage: layout.py ROOT

Arrows between folders point one way; RULES has them. Exits 1 naming each
include that breaks one. Lengths are a report and never fail.
"""
import os
import re
import sys

FILE_LINES = 400
FUNCTION_LINES = 40

# Files that are longer, and why.
LONG_FILES = {
    "client/include/cardinal.h": "programs include one header, most of which is its reference",
}

# Folder, the project's headers it may include (a folder with all in it, or one
# file), and the libraries' headers that are kept out of every other folder.
# The first folder that a file lies in counts.
RULES = [
    ("proto", ["proto"], []),
    ("daemon/memory", ["daemon/memory"], ["pthread.h", "sys/"]),
    ("daemon/sketch", ["proto", "daemon/memory", "daemon/sketch"], []),
    ("daemon/table", ["proto", "daemon/memory", "daemon/sketch", "daemon/table"], ["pthread.h"]),
    (
        "daemon/store",
        [
            "proto",
            "daemon/sketch",
            "daemon/table",
            "daemon/store",
            "daemon/log.h",
        ],
        ["pthread.h", "sys/", "unistd.h"],
    ),
    (
        "daemon/wire",
        [
            "proto",
            "daemon/wire",
            "daemon/table/batch.h",
            "daemon/table/selector.h",
            "daemon/sketch/estimated.h",
        ],
        ["cardinal.pb-c.h", "protobuf-c/"],
    ),
    (
        "daemon/server",
        [
            "proto",
            "daemon/memory",
            "daemon/sketch/codec.h",
            "daemon/table",
            "daemon/store/keeper.h",
            "daemon/store/recover.h",
            "daemon/store/store.h",
            "daemon/wire",
            "daemon/server",
            "daemon/log.h",
        ],
        ["uv.h", "pthread.h", "sys/", "unistd.h"],
    ),
    (
        "daemon",
        ["proto", "daemon/store/repair.h", "daemon/store/store.h", "daemon/server", "daemon"],
        ["uv.h", "ini.h", "sys/", "unistd.h"],
    ),
    (
        "client/lib",
        ["proto", "client/include", "client/lib"],
        ["cardinal.pb-c.h", "protobuf-c/", "sys/", "unistd.h", "poll.h", "netdb.h"],
    ),
    (
        "client/async",
        ["proto", "client/include", "client/lib", "client/async"],
        ["cardinal.pb-c.h", "protobuf-c/", "uv.h"],
    ),
    (
        "client/cli",
        ["proto", "client/include", "client/cli"],
        ["csv.h", "cjson/", "sys/", "unistd.h", "poll.h"],
    ),
    ("client/bench", ["proto", "client/include", "client/bench"], ["pthread.h", "sys/", "unistd.h"]),
    ("client/examples", ["client/include"], ["uv.h"]),
    ("client/include", ["client/include"], ["uv.h"]),
    ("tests", None, None),
]
GUARDED = sorted({header for _, _, libraries in RULES for header in libraries or []})
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def sources(root):
    """The C and C++ files under root, as paths from it."""
    for folder, folders, files in os.walk(root):
        here = os.path.relpath(folder, root)
        folders[:] = sorted(f for f in folders if f[0] != "." and not (here == "." and f == "build"))
        for name in sorted(files):
            if name.endswith((".c", ".h", ".cpp")):
                yield os.path.normpath(os.path.join(here, name))


def within(path, place):
    return path == place or path.startswith(place.rstrip("/") + "/")


def refusal(path, header, root):
    """Why the file may not include the header, or None."""
    rule = next((r for r in RULES if within(path, r[0])), None)
    if rule is None:
        return "lies in no known folder"
    _, project, libraries = rule
    if project is None:
        return None
    beside = os.path.normpath(os.path.join(os.path.dirname(path), header))
    if os.path.exists(os.path.join(root, "client/include", header)):
        header = "client/include/" + header
    elif not os.path.exists(os.path.join(root, header)) and os.path.exists(os.path.join(root, beside)):
        header = beside
    if os.path.exists(os.path.join(root, header)):
        allowed = any(within(header, place) for place in project)
    else:
        guards = [g for g in GUARDED if within(header, g)]
        allowed = not guards or any(within(header, library) for library in libraries)
    return None if allowed else f"may not include {header}"


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def broken_rules(root):
    for path in sources(root):
        for number, line in enumerate(read_lines(os.path.join(root, path)), 1):
            include = INCLUDE.match(line)
            why = include and refusal(path, include[2], root)
            if why:
                yield f"{path}:{number}: {path.rpartition('/')[0]} {why}"


def functions(lines):
    """(name, length) of each function: its braces stand at the start of a line."""
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            head = next((h for h in reversed(lines[:start]) if h and h[0] not in " \t"), "")
            name = re.search(r"(\w+)\(", head)
            yield (name[1] if name else "?"), number - start + 1
            start = None


def report(root):
    files, longest = [], []
    for path in sources(root):
        lines = read_lines(os.path.join(root, path))
        if path not in LONG_FILES:
            files.append((len(lines), path))
        longest += [(n, f"{name} in {path}") for name, n in functions(lines)]
    for title, found, limit in (("files", files, FILE_LINES), ("functions", longest, FUNCTION_LINES)):
        over = sorted((f for f in found if f[0] > limit), reverse=True)
        print(f"{len(found)} {title}, {len(over)} over {limit} lines")
        for length, name in over[:20]:
            print(f"  {length:5} {name}")


def main():
    root = sys.argv[1]
    report(root)
    broken = list(broken_rules(root))
    print("\n".join(broken) if broken else "includes point one way")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
