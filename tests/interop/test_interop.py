#!/usr/bin/python3
"""Drives the daemon from cardinal.proto and docs/protocol.md alone.

Usage: test_interop.py CARDINALD VECTORS, with cardinal_pb2 in PYTHONPATH.
"""

import random
import struct
import sys
import unittest

import cardinal_pb2 as pb
from cardinal_wire import Connection, Refused
from running_daemon import RunningDaemon
from value_hash import HASHES, Hasher

CARDINALD, VECTORS = sys.argv[1:3]
SEED = 0x0123456789ABCDEF
COLUMNS = ["s", "i", "d", "mixed"]


def double_of_bits(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def sample_values(rng):
    """Values of each type, the awkward ones among them."""
    strings = [b"", b" ", b"5", b"\x00", b"\xff\xfe", "\u00e9".encode(), b"x" * 1000]
    strings += [b"user-%d" % rng.randrange(10**6) for _ in range(300)]
    ints = [0, 5, -5, 2**63 - 1, -(2**63)] + [rng.randrange(-(10**12), 10**12) for _ in range(300)]
    doubles = [0.0, -0.0, 5.0, -5.0, 5e-324, 1.7976931348623157e308, float("inf"), float("-inf")]
    doubles += [double_of_bits(0x7FF8000000000000), double_of_bits(0xFFF8000000000001)]
    doubles += [rng.uniform(-1e6, 1e6) for _ in range(300)]
    return strings, ints, doubles


def raw_row(key, strings, ints, doubles):
    return pb.Row(
        key=key,
        cells=[
            pb.Cell(column=0, strings=strings),
            pb.Cell(column=1, ints=ints),
            pb.Cell(column=2, doubles=doubles),
            pb.Cell(column=3, strings=strings, ints=ints, doubles=doubles),
        ],
    )


def hashed_row(key, strings, ints, doubles, hasher):
    s = [hasher.string(value) for value in strings]
    i = [hasher.int(value) for value in ints]
    d = [hasher.double(value) for value in doubles]
    return pb.Row(
        key=key,
        cells=[pb.Cell(column=n, hashes=values) for n, values in enumerate([s, i, d, s + i + d])],
    )


class Interop(unittest.TestCase):
    def setUp(self):
        daemon = RunningDaemon(CARDINALD)
        self.daemon = self.enterContext(daemon)
        self.connection = Connection(self.daemon.address)
        self.addCleanup(self.connection.close)
        self.hello = self.connection.hello()

    def create(self, name, seed=SEED, hash=pb.HASH_XXH3):
        reply = self.connection.call(
            create_table=pb.CreateTable(name=name, columns=COLUMNS, seed=seed, hash=hash)
        )
        self.assertTrue(reply.created)
        return reply.table.table_id

    def digest(self, name):
        reply = self.connection.call(describe_table=pb.DescribeTable(table=name, digest=True))
        self.assertNotEqual(reply.digest, 0)
        return reply.digest

    def assert_refused(self, status, text, **body):
        with self.assertRaises(Refused) as caught:
            self.connection.call(**body)
        self.assertEqual(caught.exception.status, status)
        self.assertIn(text, caught.exception.message)

    def test_hello_tells_version_and_limits(self):
        self.assertEqual(self.hello.version, 1)
        self.assertEqual(self.hello.features, 0)
        self.assertEqual(self.hello.max_frame, 16 << 20)
        self.assertEqual(self.hello.max_batch_values, 65536)
        self.assertEqual(self.hello.max_in_flight, 256)
        self.assertEqual(self.hello.max_key, 1024)

    def check_raw_against_hashed(self, hash, hasher):
        table_id = self.create("hashed", hash=hash)
        self.create("raw", hash=hash)
        rng = random.Random(20)
        for key in [b"", b" ", b"\x00\xff", "schl\u00fcssel".encode(), b"k" * 1024]:
            values = sample_values(rng)
            raw = pb.Ingest(table="raw", columns=COLUMNS, rows=[raw_row(key, *values)])
            hashed = pb.Ingest(
                table="hashed",
                table_id=table_id,
                columns=COLUMNS,
                rows=[hashed_row(key, *values, hasher)],
            )
            self.assertEqual(
                self.connection.call(ingest=raw).values,
                self.connection.call(ingest=hashed).values,
            )
        self.assertEqual(self.digest("raw"), self.digest("hashed"))

    def test_raw_and_xxh3_values_give_the_same_digest(self):
        self.check_raw_against_hashed(pb.HASH_XXH3, Hasher(SEED, HASHES["xxh3"]))

    def test_raw_and_murmur64a_values_give_the_same_digest(self):
        self.check_raw_against_hashed(pb.HASH_MURMUR64A, Hasher(SEED, HASHES["murmur64a"]))

    def test_another_seed_gives_another_digest(self):
        self.create("a")
        self.create("b", seed=SEED + 1)
        for table in ("a", "b"):
            row = pb.Row(key=b"k", cells=[pb.Cell(column=0, strings=[b"x", b"y"])])
            self.connection.call(ingest=pb.Ingest(table=table, columns=["s"], rows=[row]))
        self.assertNotEqual(self.digest("a"), self.digest("b"))

    def test_types_are_kept_apart_and_zeros_and_nans_are_one(self):
        self.create("t")
        nans = [double_of_bits(0x7FF8000000000000), double_of_bits(0xFFFFFFFFFFFFFFFF)]
        cell = pb.Cell(column=0, strings=[b"5"], ints=[5], doubles=[5.0, 0.0, -0.0] + nans)
        self.connection.call(
            ingest=pb.Ingest(table="t", columns=["s"], rows=[pb.Row(key=b"k", cells=[cell])])
        )
        reply = self.connection.call(
            cardinality=pb.Cardinality(
                table="t", columns=["s"], selector=pb.Selector(list=pb.KeyList(keys=[b"k", b"l"]))
            )
        )
        self.assertEqual([key.found for key in reply.keys], [True, False])
        self.assertEqual(round(reply.keys[0].estimates[0]), 5)
        self.assertEqual(reply.keys[1].estimates[0], 0)

    def test_scan_pages_give_every_key_once_in_order(self):
        self.create("t")
        keys = sorted({random.Random(n).randbytes(n % 9) for n in range(500)})
        rows = [pb.Row(key=key, cells=[pb.Cell(column=0, ints=[1, 2])]) for key in keys]
        random.Random(1).shuffle(rows)
        self.connection.call(ingest=pb.Ingest(table="t", columns=["i"], rows=rows))
        scan = pb.Scan(table="t", columns=["i"], selector=pb.Selector(all=True), limit=37)
        seen = []
        while True:
            page = self.connection.call(scan=scan)
            self.assertLessEqual(len(page.keys), 37)
            seen += [key.key for key in page.keys]
            self.assertEqual({round(key.estimates[0]) for key in page.keys}, {2})
            if not page.next_page_token:
                break
            scan.page_token = page.next_page_token
        self.assertEqual(seen, keys)

    def test_union_counts_a_key_listed_twice_once(self):
        self.create("t")
        rows = [
            pb.Row(key=b"a", cells=[pb.Cell(column=0, ints=range(0, 60))]),
            pb.Row(key=b"b", cells=[pb.Cell(column=0, ints=range(40, 100))]),
        ]
        self.connection.call(ingest=pb.Ingest(table="t", columns=["i"], rows=rows))
        selector = pb.Selector(list=pb.KeyList(keys=[b"a", b"b", b"a", b"none"]))
        reply = self.connection.call(union=pb.Union(table="t", columns=["i"], selector=selector))
        self.assertEqual(reply.keys, 2)
        self.assertEqual(list(reply.columns), ["i"])
        self.assertEqual(round(reply.estimates[0]), 100)

    def test_pipelined_requests_see_those_before_them(self):
        self.create("t")
        row = pb.Row(key=b"k", cells=[pb.Cell(column=0, strings=[b"1", b"2", b"3"])])
        selector = pb.Selector(list=pb.KeyList(keys=[b"k"]))
        count = pb.Cardinality(table="t", columns=["s"], selector=selector)
        self.connection.send(ingest=pb.Ingest(table="t", columns=["s"], rows=[row]))
        before = self.connection.send(cardinality=count)
        self.connection.send(delete=pb.Delete(table="t", selector=selector))
        after = self.connection.send(cardinality=count)
        answers = {}
        for _ in range(4):
            response = self.connection.receive()
            self.assertEqual(response.status, pb.STATUS_OK, response.message)
            answers[response.id] = response
        self.assertEqual(round(answers[before].cardinality.keys[0].estimates[0]), 3)
        self.assertFalse(answers[after].cardinality.keys[0].found)

    def test_errors_have_their_status_and_name_the_thing(self):
        table_id = self.create("t")
        row = pb.Row(key=b"k", cells=[pb.Cell(column=0, hashes=[1])])
        self.assert_refused(
            pb.STATUS_NOT_FOUND, "nosuch", describe_table=pb.DescribeTable(table="nosuch")
        )
        self.assert_refused(
            pb.STATUS_ALREADY_EXISTS, "t", create_table=pb.CreateTable(name="t", columns=["c"])
        )
        self.assert_refused(
            pb.STATUS_FAILED_PRECONDITION,
            "t",
            ingest=pb.Ingest(table="t", table_id=table_id + 99, columns=["s"], rows=[row]),
        )
        self.assert_refused(
            pb.STATUS_INVALID_ARGUMENT,
            "column",
            ingest=pb.Ingest(
                table="t", rows=[pb.Row(cells=[pb.Cell(column=9, ints=[1])])], columns=["s"]
            ),
        )
        self.connection.call(ping=pb.Ping())

    def test_nothing_is_answered_before_hello(self):
        fresh = Connection(self.daemon.address)
        self.addCleanup(fresh.close)
        with self.assertRaises(Refused) as caught:
            fresh.call(ping=pb.Ping())
        self.assertEqual(caught.exception.status, pb.STATUS_FAILED_PRECONDITION)

    def test_stats_tell_what_was_done(self):
        self.create("t")
        row = pb.Row(key=b"k", cells=[pb.Cell(column=0, strings=[b"1", b"2", b"2"])])
        self.connection.call(ingest=pb.Ingest(table="t", columns=["s"], rows=[row]))
        reply = self.connection.call(stats=pb.Stats())
        figures = {stat.name: stat.value for stat in reply.stats}
        self.assertEqual(reply.version, self.hello.server_version)
        self.assertEqual(figures["values"], 3)
        self.assertEqual(figures["changes"], 2)
        self.assertEqual(figures["requests.ingest"], 1)


class Vectors(unittest.TestCase):
    """The table of hashes that every implementation is held against."""

    @staticmethod
    def hash_of(hasher, kind, text):
        if kind == "string":
            return hasher.string(b"" if text == "-" else bytes.fromhex(text))
        if kind == "int":
            return hasher.int(int(text))
        assert kind == "double", kind
        return hasher.double(double_of_bits(int(text, 16)))

    def test_every_vector_is_met(self):
        met = {name: 0 for name in HASHES}
        with open(VECTORS, encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("#"):
                    continue
                name, seed, kind, text, expected = line.split()
                hasher = Hasher(int(seed, 16), HASHES[name])
                self.assertEqual(f"{self.hash_of(hasher, kind, text):016x}", expected, line)
                met[name] += 1
        self.assertGreaterEqual(met["xxh3"], 24)
        self.assertNotIn(0, met.values())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
