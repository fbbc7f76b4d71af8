#!/usr/bin/python3
"""layout.py finds what it is there to find."""
import os
import tempfile
import unittest

import layout


class Includes(unittest.TestCase):
    def broken(self, path, line):
        with tempfile.TemporaryDirectory() as root:
            for name in (path, "proto/status.h", "daemon/table/batch.h", "daemon/table/table.h",
                         "daemon/sketch/cell.h", "daemon/server/loop.h", "client/include/cardinal.h",
                         "tests/unit/run_suite.h"):
                full = os.path.join(root, name)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "a", encoding="utf-8") as file:
                    file.write(line + "\n" if name == path else "")
            return list(layout.broken_rules(root))

    def test_lets_arrows_down_pass(self):
        self.assertEqual([], self.broken("daemon/table/x.c", '#include "daemon/sketch/cell.h"'))
        self.assertEqual([], self.broken("daemon/wire/x.c", '#include "daemon/table/batch.h"'))
        self.assertEqual([], self.broken("client/cli/x.c", "#include <cardinal.h>"))
        self.assertEqual([], self.broken("daemon/server/x.c", "#include <uv.h>"))

    def test_names_file_line_and_header_of_an_arrow_up(self):
        self.assertEqual(
            ["daemon/sketch/x.c:1: daemon/sketch may not include daemon/table/table.h"],
            self.broken("daemon/sketch/x.c", '#include "daemon/table/table.h"'))

    def test_refuses_all_but_the_plain_headers_of_the_table_in_wire(self):
        self.assertEqual(1, len(self.broken("daemon/wire/x.c", '#include "daemon/table/table.h"')))

    def test_refuses_the_daemon_in_the_client_and_tests_in_either(self):
        self.assertEqual(1, len(self.broken("client/lib/x.c", '#include "daemon/sketch/cell.h"')))
        self.assertEqual(1, len(self.broken("daemon/server/x.c", '#include "tests/unit/run_suite.h"')))

    def test_refuses_libraries_where_they_do_not_belong(self):
        self.assertEqual(1, len(self.broken("daemon/sketch/x.c", "#include <pthread.h>")))
        self.assertEqual(1, len(self.broken("daemon/server/x.c", '#include "cardinal.pb-c.h"')))
        self.assertEqual(1, len(self.broken("daemon/table/x.c", "#include <sys/socket.h>")))

    def test_refuses_a_file_outside_the_known_folders(self):
        self.assertEqual(1, len(self.broken("misc/x.c", "#include <stdio.h>")))


class Lengths(unittest.TestCase):
    def test_measures_a_function_from_brace_to_brace(self):
        lines = ["static int f(int a,", "             int b)", "{", "    return a + b;", "}"]
        self.assertEqual([("f", 3)], list(layout.functions(lines)))


if __name__ == "__main__":
    unittest.main()
