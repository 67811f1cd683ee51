"""The ADBC Flight SQL driver against a running server.

`COHORTQL_URI` says where the server is; the Rust test `flight::adbc` starts one with a table
`everything` of all column types and runs this. By hand: start `cohortql serve`, and

    COHORTQL_URI=grpc://127.0.0.1:50051 python tests/clients/adbc_test.py
"""

import datetime
import decimal
import os
import unittest
import uuid

import adbc_driver_flightsql
import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager
import pyarrow as pa

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


class Changes(Case):
    def test_tables_are_made_and_filled_once(self):
        name = self.table("id BIGINT, label VARCHAR")
        self.cursor.execute(f"INSERT INTO {name} VALUES (1, 'a'), (2, 'b')")
        self.assertEqual(self.cursor.rowcount, 2)
        self.assertEqual(self.rows(f"SELECT * FROM {name} ORDER BY id"), [(1, "a"), (2, "b")])

    def test_many_rows_of_parameters(self):
        name = self.table("id BIGINT, label VARCHAR, amount DOUBLE")
        given = [(1, "a", 1.5), (2, None, 2.5), (3, "c", None)]
        self.cursor.executemany(f"INSERT INTO {name} VALUES (?, ?, ?)", given)
        self.assertEqual(self.rows(f"SELECT * FROM {name} ORDER BY id"), given)

    def test_set_lasts_for_the_connection(self):
        self.cursor.execute("SET datafusion.execution.time_zone = 'Asia/Tokyo'")
        ((_, value),) = self.rows("SHOW datafusion.execution.time_zone")
        self.assertEqual(value, "Asia/Tokyo")


class Parameters(Case):
    def test_of_many_types(self):
        for value in [1, -(2**62), 1.25, "text", "", True, datetime.date(2024, 1, 2)]:
            with self.subTest(value=value):
                self.assertEqual(self.rows("SELECT ? AS x", (value,)), [(value,)])

    def test_in_conditions(self):
        sql = "SELECT not_null_id FROM everything WHERE not_null_id > ? AND not_null_id < ?"
        self.assertEqual(self.rows(sql, (1, 3)), [(2,)])

    def test_null(self):
        self.assertEqual(self.rows("SELECT coalesce(?, 5)", (None,)), [(5,)])

    def test_question_marks_in_text(self):
        self.assertEqual(self.rows("SELECT 'a?b', ? -- ?", (7,)), [("a?b", 7)])

    def test_arithmetic(self):
        self.assertEqual(self.rows("SELECT ? + 1", (41,)), [(42,)])

    def test_the_same_statement_again(self):
        for value in range(5):
            self.assertEqual(self.rows("SELECT ? * 2", (value,)), [(value * 2,)])


class Metadata(Case):
    def objects(self, **filters):
        return self.connection.adbc_get_objects(**filters).read_all().to_pylist()

    def test_objects_down_to_columns(self):
        name = self.table("id BIGINT NOT NULL, label VARCHAR")
        (catalog,) = self.objects(depth="all", table_name_filter=name)
        self.assertEqual(catalog["catalog_name"], "cohortql")
        found = [
            table
            for schema in catalog["catalog_db_schemas"]
            for table in schema["db_schema_tables"] or []
        ]
        (table,) = found
        self.assertEqual((table["table_name"], table["table_type"]), (name, "TABLE"))
        columns = [column["column_name"] for column in table["table_columns"]]
        self.assertEqual(columns, ["id", "label"])

    def test_objects_by_depth(self):
        for depth in ["catalogs", "db_schemas", "tables", "all"]:
            with self.subTest(depth=depth):
                (catalog,) = self.objects(depth=depth)
                self.assertEqual(catalog["catalog_name"], "cohortql")

    def test_the_schema_of_a_table(self):
        name = self.table("id BIGINT NOT NULL, label VARCHAR, amount DECIMAL(10, 2)")
        schema = self.connection.adbc_get_table_schema(name)
        self.assertEqual(schema.names, ["id", "label", "amount"])
        self.assertEqual(schema.types, [pa.int64(), pa.string(), pa.decimal128(10, 2)])

    def test_a_table_that_is_not_there(self):
        with self.assertRaises(adbc_driver_manager.Error):
            self.connection.adbc_get_table_schema("missing")

    def test_kinds_of_tables(self):
        self.assertEqual(self.connection.adbc_get_table_types(), ["TABLE", "VIEW"])

    def test_the_servers_name(self):
        info = self.connection.adbc_get_info()
        self.assertEqual(info["vendor_name"], "CohortQL")


class Errors(Case):
    def refused(self, sql, parameters=None):
        with self.assertRaises(adbc_driver_manager.Error) as caught:
            self.cursor.execute(sql, parameters)
            self.cursor.fetchall()
        return caught.exception

    def test_each_kind_has_its_status(self):
        status = adbc_driver_manager.AdbcStatusCode
        for sql, expected in [
            ("SELEC 1", status.INVALID_ARGUMENT),
            ("SELECT * FROM missing", status.NOT_FOUND),
            ("SELECT CAST('x' AS INT)", status.INVALID_ARGUMENT),
        ]:
            with self.subTest(sql=sql):
                error = self.refused(sql)
                self.assertEqual(error.status_code, expected, str(error))
                self.assertLess(len(str(error)), 4096)

    def test_a_table_twice(self):
        name = self.table("id INT")
        error = self.refused(f"CREATE TABLE {name} (id INT)")
        self.assertEqual(error.status_code, adbc_driver_manager.AdbcStatusCode.ALREADY_EXISTS)

    def test_too_few_parameters(self):
        self.assertIn("takes 2 parameters", str(self.refused("SELECT ? + ?", (1,))))

    def test_the_connection_survives(self):
        for _ in range(20):
            self.refused("SELECT * FROM missing")
        self.assertEqual(self.rows("SELECT 1"), [(1,)])

    def test_an_error_in_the_middle_of_a_result(self):
        error = self.refused(
            "SELECT CAST(CASE WHEN value = 90000 THEN 'x' ELSE '1' END AS INT) "
            "FROM generate_series(1, 100000)"
        )
        self.assertEqual(error.status_code, adbc_driver_manager.AdbcStatusCode.INVALID_ARGUMENT)


class Drivers(unittest.TestCase):
    def test_a_timeout_of_the_client(self):
        options = adbc_driver_flightsql.ConnectionOptions
        settings = {
            options.TIMEOUT_FETCH.value: "0.2",
            options.TIMEOUT_QUERY.value: "5",
        }
        with flightsql.connect(URI, conn_kwargs=settings, autocommit=True) as connection:
            with connection.cursor() as cursor, self.assertRaises(adbc_driver_manager.Error):
                cursor.execute("SELECT count(*) FROM generate_series(1, 1000000000000)")
                cursor.fetchall()


if __name__ == "__main__":
    unittest.main(verbosity=2)
