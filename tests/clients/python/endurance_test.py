"""A thousand queries in a row do not make a server grow.

`COHORTQL_BINARY` says where the binary is: the server is a process of its own, so that its memory
and its handles can be counted.
"""

import os
import pathlib
import subprocess
import unittest

import adbc_driver_flightsql.dbapi as flightsql

QUERIES = 1000

# More than the results that the server keeps so that they can be read again.
WARM_UP = 4500

# What a page more here and there, and the allocator's reserve, may come to.
GROWTH = 1.10
SLACK_BYTES = 8 << 20


class Server:
    """A server on a port of its own."""

    def __init__(self):
        self.process = subprocess.Popen(
            [os.environ["COHORTQL_BINARY"], "serve", "--listen", "127.0.0.1:0"],
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in self.process.stderr:
            if line.startswith("listening on "):
                self.uri = line.removeprefix("listening on ").strip()
                return
        raise AssertionError("the server ended before it listened")

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) << 10

    def handles(self):
        return len(list(pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()


@unittest.skipUnless(pathlib.Path("/proc/self/status").exists(), "counts in /proc")
class Endurance(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.stop)

    def ask(self, queries, connection):
        for number in range(queries):
            with connection.cursor() as cursor:
                cursor.execute("SELECT CAST(? AS BIGINT) + 1", (number,))
                self.assertEqual(cursor.fetchone(), (number + 1,))

    def test_a_thousand_queries_on_one_connection(self):
        with flightsql.connect(self.server.uri, autocommit=True) as connection:
            self.ask(WARM_UP, connection)
            memory, handles = self.server.memory(), self.server.handles()
            self.ask(QUERIES, connection)
            self.assertLess(self.server.memory(), memory * GROWTH + SLACK_BYTES)
            self.assertLessEqual(self.server.handles(), handles)

    def test_connections_that_come_and_go(self):
        for _ in range(100):
            with flightsql.connect(self.server.uri, autocommit=True) as connection:
                self.ask(1, connection)
        with flightsql.connect(self.server.uri, autocommit=True) as connection:
            self.ask(1, connection)
            self.assertLess(self.server.handles(), 100)
