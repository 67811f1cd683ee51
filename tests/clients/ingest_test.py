"""Bulk ingestion by the ADBC Flight SQL driver.

`COHORTQL_URI` says where the server is and `COHORTQL_KEEPS` where it keeps what is sent: `memory` or
`delta`; the Rust test `flight::ingest::adbc` starts one of each, with a table `everything` of all
column types.
"""

import datetime
import decimal
import os
import unittest
import uuid

import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager
import pyarrow as pa

URI = os.environ["COHORTQL_URI"]
IN_DELTA = os.environ["COHORTQL_KEEPS"] == "delta"

STATUS = adbc_driver_manager.AdbcStatusCode


def connect():
    return flightsql.connect(URI, autocommit=True)


class Case(unittest.TestCase):
    """A connection, a cursor, and the name of a table that is not there."""

    def setUp(self):
        self.connection = connect()
        self.addCleanup(self.connection.close)
        self.cursor = self.connection.cursor()
        self.addCleanup(self.cursor.close)
        self.name = f"t_{uuid.uuid4().hex}"
        self.addCleanup(self.drop, self.name)

    def drop(self, name):
        with connect() as connection, connection.cursor() as cursor:
            cursor.execute(f'DROP TABLE IF EXISTS "{name}"')

    def table(self):
        self.cursor.execute(f'SELECT * FROM "{self.name}" ORDER BY 1')
        return self.cursor.fetch_arrow_table()

    def refused(self, rows, **options):
        with self.assertRaises(adbc_driver_manager.Error) as caught:
            self.cursor.adbc_ingest(self.name, rows, **options)
        return caught.exception


ROWS = pa.table({"id": [1, 2], "label": ["a", None]})
MORE = pa.table({"label": ["c"], "id": pa.array([3], pa.int16())})


class Modes(Case):
    def test_create(self):
        self.assertEqual(self.cursor.adbc_ingest(self.name, ROWS, mode="create"), 2)
        self.assertEqual(self.table().to_pydict(), ROWS.to_pydict())
        error = self.refused(ROWS, mode="create")
        self.assertEqual(error.status_code, STATUS.ALREADY_EXISTS, str(error))

    def test_append(self):
        error = self.refused(ROWS, mode="append")
        self.assertEqual(error.status_code, STATUS.NOT_FOUND, str(error))
        self.cursor.adbc_ingest(self.name, ROWS, mode="create")
        self.assertEqual(self.cursor.adbc_ingest(self.name, MORE, mode="append"), 1)
        self.assertEqual(self.table()["label"].to_pylist(), ["a", None, "c"])

    def test_replace(self):
        for rows in [ROWS, MORE, ROWS]:
            count = self.cursor.adbc_ingest(self.name, rows, mode="replace")
            self.assertEqual(count, rows.num_rows)
            self.assertEqual(self.table().num_rows, rows.num_rows)
        self.assertEqual(self.table().to_pydict(), ROWS.to_pydict())

    def test_create_append(self):
        for _ in range(2):
            self.assertEqual(self.cursor.adbc_ingest(self.name, ROWS, mode="create_append"), 2)
        self.assertEqual(self.table()["id"].to_pylist(), [1, 1, 2, 2])

    def test_a_reader_of_many_batches(self):
        batches = [pa.record_batch({"id": list(range(n, n + 1000))}) for n in range(0, 100_000, 1000)]
        reader = pa.RecordBatchReader.from_batches(batches[0].schema, batches)
        self.assertEqual(self.cursor.adbc_ingest(self.name, reader, mode="create"), 100_000)
        self.cursor.execute(f'SELECT sum(id) FROM "{self.name}"')
        self.assertEqual(self.cursor.fetchone(), (4_999_950_000,))

    def test_no_rows(self):
        # Without a batch, the driver does not even send its command.
        empty = pa.RecordBatch.from_pylist([], schema=ROWS.schema)
        reader = pa.RecordBatchReader.from_batches(ROWS.schema, [empty])
        self.assertEqual(self.cursor.adbc_ingest(self.name, reader, mode="create"), 0)
        self.assertEqual(self.table().num_rows, 0)

    def test_a_dropped_table_is_made_again(self):
        self.cursor.adbc_ingest(self.name, ROWS, mode="create")
        self.drop(self.name)
        self.cursor.adbc_ingest(self.name, MORE, mode="create")
        self.assertEqual(self.table()["id"].to_pylist(), [3])

    def test_a_catalog_and_a_schema(self):
        place = {"catalog_name": "cohortql", "db_schema_name": "public"}
        self.assertEqual(self.cursor.adbc_ingest(self.name, ROWS, mode="create", **place), 2)
        self.assertEqual(self.table().num_rows, 2)
        error = self.refused(ROWS, mode="append", db_schema_name="nowhere")
        self.assertEqual(error.status_code, STATUS.NOT_FOUND, str(error))


class Types(Case):
    def test_everything(self):
        self.cursor.execute("SELECT * FROM everything ORDER BY 1")
        everything = self.cursor.fetch_arrow_table()
        self.assertEqual(self.cursor.adbc_ingest(self.name, everything, mode="create"), 3)
        self.assertEqual(self.cursor.adbc_ingest(self.name, everything, mode="append"), 3)
        kept = self.table()
        self.assertEqual(kept.schema.names, everything.schema.names)
        other = {"nothing"}
        if IN_DELTA:
            other |= {"unsigned", "decimal256", "large_text", "uuid", "zoned", "clock", "wait"}
            other |= {"period", "pair"}
        for name in everything.schema.names:
            if name in other:
                continue
            with self.subTest(column=name):
                came = [value for value in everything[name].to_pylist() for _ in range(2)]
                self.assertEqual(repr(kept[name].to_pylist()), repr(came))

    def test_exact_values(self):
        rows = pa.table(
            {
                "id": pa.array([1], pa.uint32()),
                "money": pa.array([decimal.Decimal("12.34")], pa.decimal128(20, 2)),
                "day": pa.array([datetime.date(2024, 2, 29)]),
                "moment": pa.array([datetime.datetime(2024, 2, 29, 12, 0, 0, 250)]),
                "tier": pa.array(["gold"]).dictionary_encode(),
                "words": pa.array([["a", None]], pa.large_list(pa.string_view())),
            }
        )
        self.cursor.adbc_ingest(self.name, rows, mode="create")
        self.assertEqual(self.table().to_pylist(), rows.to_pylist())


class Refusals(Case):
    def test_values_that_do_not_fit(self):
        self.cursor.adbc_ingest(self.name, ROWS, mode="create")
        for rows, expected in [
            (pa.table({"id": ["x"]}), 'column "id": row 1 has "x", which is no BIGINT'),
            (pa.table({"id": [1.5]}), 'column "id": row 1 has 1.5, which is no BIGINT'),
            (pa.table({"id": [4], "odd": [1]}), 'has no column "odd"'),
        ]:
            with self.subTest(expected=expected):
                error = self.refused(rows, mode="append")
                self.assertEqual(error.status_code, STATUS.INVALID_ARGUMENT, str(error))
                self.assertIn(expected, str(error))
        self.assertEqual(self.table().num_rows, 2)

    def test_temporary_tables(self):
        error = self.refused(ROWS, mode="create", temporary=True)
        self.assertEqual(error.status_code, STATUS.NOT_IMPLEMENTED, str(error))

    def test_a_refusal_in_the_middle_of_many_rows(self):
        batch = pa.record_batch({"id": pa.array(["7"] * 50_000)})
        bad = pa.record_batch({"id": pa.array(["seven"])})
        batches = [batch] * 20 + [bad] + [batch] * 100
        reader = pa.RecordBatchReader.from_batches(batch.schema, batches)
        self.cursor.adbc_ingest(self.name, ROWS, mode="create")
        error = self.refused(reader, mode="append")
        self.assertIn('row 1000001 has "seven"', str(error))
        self.assertEqual(self.table().num_rows, 2)

    def test_a_reader_that_fails(self):
        def batches():
            yield pa.record_batch({"id": [5]})
            raise RuntimeError("as arranged")

        self.cursor.adbc_ingest(self.name, ROWS, mode="create")
        schema = pa.schema([("id", pa.int64())])
        reader = pa.RecordBatchReader.from_batches(schema, batches())
        with self.assertRaises(Exception):
            self.cursor.adbc_ingest(self.name, reader, mode="append")
        self.assertEqual(self.table().num_rows, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
