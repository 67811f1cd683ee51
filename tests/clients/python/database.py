"""A connection to the server that `COHORTQL_URI` names, for each test.

The Rust test `flight::adbc` starts a server with a table `everything` of all column types and a
table `described` of plain ones, and runs every `*_test.py` of this folder. By hand: start
`cohortql serve`, and

    COHORTQL_URI=grpc://127.0.0.1:50051 python -m unittest discover -s tests/clients/python -p '*_test.py'
"""

import os
import unittest
import uuid

import adbc_driver_flightsql.dbapi as flightsql

URI = os.environ["COHORTQL_URI"]


def connect():
    return flightsql.connect(URI, autocommit=True)


class Case(unittest.TestCase):
    """A connection and a cursor, and names that no other test uses."""

    def setUp(self):
        self.connection = connect()
        self.addCleanup(self.connection.close)
        self.cursor = self.connection.cursor()
        self.addCleanup(self.cursor.close)

    def rows(self, sql, parameters=None):
        self.cursor.execute(sql, parameters)
        return self.cursor.fetchall()

    def table(self, columns):
        name = f"t_{uuid.uuid4().hex}"
        self.cursor.execute(f"CREATE TABLE {name} ({columns})")
        self.addCleanup(self.drop, name)
        return name

    def drop(self, name):
        with connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
