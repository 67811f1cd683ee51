"""Queries through the ADBC Flight SQL driver."""

import datetime
import decimal

import pyarrow as pa
from database import Case


class Queries(Case):
    def test_values_of_many_types(self):
        sql = """
            SELECT 1 AS one, 'ž😀' AS text, 1.5 AS double, true AS flag, NULL AS nothing,
                   CAST('12.34' AS DECIMAL(10, 2)) AS money, DATE '2024-02-29' AS day,
                   TIMESTAMP '2024-02-29 12:34:56' AS moment, [1, 2] AS list
        """
        ((one, text, double, flag, nothing, money, day, moment, items),) = self.rows(sql)
        self.assertEqual((one, text, double, flag, nothing), (1, "ž😀", 1.5, True, None))
        self.assertEqual(money, decimal.Decimal("12.34"))
        self.assertEqual(day, datetime.date(2024, 2, 29))
        self.assertEqual(moment, datetime.datetime(2024, 2, 29, 12, 34, 56))
        self.assertEqual(list(items), [1, 2])

    def test_names_and_types_of_columns(self):
        self.cursor.execute("SELECT 1 AS a, 'x' AS b")
        self.assertEqual([column[0] for column in self.cursor.description], ["a", "b"])

    def test_every_type_arrives(self):
        self.cursor.execute("SELECT * FROM everything ORDER BY not_null_id")
        table = self.cursor.fetch_arrow_table()
        self.assertEqual(table.num_rows, 3)
        self.assertEqual(table.schema.field("tier").type, pa.string())
        self.assertEqual(table.schema.field("half").type, pa.float32())
        self.assertEqual(table.schema.field("text_view").type, pa.string())
        self.assertEqual(table.schema.field("decimal64").type, pa.decimal128(18, 4))
        self.assertFalse(table.schema.field("not_null_id").nullable)
        table.validate(full=True)

    def test_columns_one_by_one(self):
        self.cursor.execute("SELECT * FROM everything LIMIT 0")
        for name in self.cursor.fetch_arrow_table().schema.names:
            with self.subTest(column=name):
                self.cursor.execute(f'SELECT "{name}" FROM everything')
                self.assertEqual(self.cursor.fetch_arrow_table().num_rows, 3)

    def test_no_rows(self):
        self.cursor.execute("SELECT 1 AS a WHERE false")
        table = self.cursor.fetch_arrow_table()
        self.assertEqual((table.num_rows, table.schema.names), (0, ["a"]))

    def test_a_minimum_that_is_never_null(self):
        self.assertEqual(self.rows("SELECT min(not_null_id), count(*) FROM everything"), [(1, 3)])

    def test_two_hundred_queries_in_a_row(self):
        for number in range(200):
            self.assertEqual(self.rows(f"SELECT {number} AS n"), [(number,)])

    def test_a_big_result(self):
        self.cursor.execute(
            "SELECT value, repeat('x', 100) AS wide FROM generate_series(1, 500000)"
        )
        table = self.cursor.fetch_arrow_table()
        self.assertEqual(table.num_rows, 500_000)
        self.assertEqual(sum(table.column("value").to_pylist()), 125_000_250_000)

    def test_a_result_that_nobody_reads_to_its_end(self):
        self.cursor.execute("SELECT value FROM generate_series(1, 100000000000)")
        self.assertEqual(len(self.cursor.fetchmany(10)), 10)
        self.cursor.close()
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT 2")
            self.assertEqual(cursor.fetchone(), (2,))

    def test_the_functions_of_cohortql(self):
        sql = "SELECT cohort_month(day) FROM (VALUES (DATE '2024-03-09')) AS v(day)"
        self.assertEqual(self.rows(sql), [(datetime.date(2024, 3, 1),)])


class Cursors(Case):
    """The DBAPI's own promises."""

    def test_descriptions(self):
        self.cursor.execute("SELECT 1 AS a, 'x' AS b")
        ((name, kind, *_), _) = self.cursor.description
        self.assertEqual((name, kind), ("a", pa.int64()))

    def test_rows_one_by_one_and_by_the_handful(self):
        self.cursor.execute("SELECT value FROM generate_series(1, 10)")
        self.assertEqual(self.cursor.fetchone(), (1,))
        self.assertEqual(self.cursor.fetchmany(2), [(2,), (3,)])
        self.assertEqual(next(iter(self.cursor)), (4,))
        self.assertEqual(len(self.cursor.fetchall()), 6)
        self.assertIsNone(self.cursor.fetchone())

    def test_batches_as_they_come(self):
        self.cursor.execute("SELECT value FROM generate_series(1, 100000)")
        reader = self.cursor.fetch_record_batch()
        self.assertEqual(sum(batch.num_rows for batch in reader), 100_000)

    def test_the_schema_without_the_rows(self):
        schema = self.cursor.adbc_execute_schema("SELECT id, amount FROM described")
        self.assertEqual(schema.types, [pa.int64(), pa.decimal128(10, 2)])
        self.assertFalse(schema.field("id").nullable)

    def test_partitions(self):
        partitions, schema = self.cursor.adbc_execute_partitions(
            "SELECT value FROM generate_series(1, 10)"
        )
        self.assertEqual(schema.names, ["value"])
        (partition,) = partitions
        self.cursor.adbc_read_partition(partition)
        self.assertEqual(len(self.cursor.fetchall()), 10)

    def test_two_cursors_at_once(self):
        with self.connection.cursor() as other:
            self.cursor.execute("SELECT value FROM generate_series(1, 100000)")
            other.execute("SELECT value FROM generate_series(1, 100000)")
            self.assertEqual(self.cursor.fetchone(), other.fetchone())
            self.assertEqual(len(other.fetchall()), len(self.cursor.fetchall()))

    def test_cancelling(self):
        self.cursor.execute("SELECT value FROM generate_series(1, 1000000000000)")
        self.cursor.fetchone()
        self.cursor.adbc_cancel()
        with self.assertRaises(self.connection.Error):
            self.cursor.fetchall()
        self.assertEqual(self.rows("SELECT 1"), [(1,)])
