#!/usr/bin/python3
"""Checks that the manual pages name every option and command that programs tell of.

usage: man_pages.py BIN MAN

BIN holds the programs, MAN their pages. Exits 1 naming each option that a
program's --help has and its page has not.
"""
import re
import subprocess
import sys

PAGES = {"cardinald": "cardinald.8", "cardinal": "cardinal.1", "cardinal-bench": "cardinal-bench.1"}
EVERYWHERE = {"help", "usage", "version"}


def help_of(program, *command):
    done = subprocess.run([program, *command, "--help"], capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        sys.exit(f"{program} {' '.join(command)} --help exits with {done.returncode}")
    return done.stdout


def commands_of(text):
    """The commands that a help text lists, each a tuple of words."""
    listed = re.search(r"^Commands:\n((?:  .*\n)+)", text, re.M)
    if listed is None:
        return []
    lines = listed.group(1).splitlines()
    return [tuple(re.split(r"  +", line.strip())[0].split()) for line in lines]


def options_of(text):
    return set(re.findall(r"^ {2,6}(?:-\w, )?--([a-z][a-z-]*)", text, re.M)) - EVERYWHERE


def missing_of(program, page):
    """What the program's help tells of and its page does not."""
    told = help_of(program)
    found = [f"--{option}" for option in sorted(options_of(told)) if f"Fl Fl {option}" not in page]
    for command in commands_of(told):
        if f"Ic {' '.join(command)}" not in page:
            found.append(" ".join(command))
        for option in sorted(options_of(help_of(program, *command))):
            if f"Fl Fl {option}" not in page:
                found.append(f"{' '.join(command)} --{option}")
    return found


def main(folder, pages):
    status = 0
    for program, name in PAGES.items():
        with open(f"{pages}/{name}", encoding="utf-8") as file:
            page = file.read()
        if not options_of(help_of(f"{folder}/{program}")):
            sys.exit(f"{program} --help names no option")
        for what in missing_of(f"{folder}/{program}", page):
            print(f"{name} has no '{what}'")
            status = 1
    return status


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
