"""SQLAlchemy over ADBC, and the questions that Superset asks through it."""

import datetime
import decimal
import unittest
import uuid

import dialect
import sqlalchemy as sa
from database import URI
from sqlalchemy import exc

# Superset wraps a query of its SQL editor, and a virtual data set, like this.
WRAPPED = "SELECT * FROM ({sql}) AS virtual_table LIMIT 1000"


class Alchemy(unittest.TestCase):
    def setUp(self):
        self.engine = sa.create_engine(
            URI.replace("grpc://", f"{dialect.CohortQLDialect.name}+adbc://") + "?tls=false"
        )
        self.addCleanup(self.engine.dispose)
        self.connection = self.engine.connect()
        self.addCleanup(self.connection.close)

    def made(self):
        """A table that no other test uses, with three rows."""
        metadata = sa.MetaData()
        table = sa.Table(
            f"t_{uuid.uuid4().hex}",
            metadata,
            sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("label", sa.String),
            sa.Column("paid", sa.Numeric(10, 2)),
            sa.Column("day", sa.Date),
            sa.Column("moment", sa.DateTime),
        )
        metadata.create_all(self.engine)
        self.addCleanup(metadata.drop_all, self.engine)
        day, moment = datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 12, 34, 56)
        self.given = [
            (1, "a", decimal.Decimal("1.50"), day, moment),
            (2, None, None, None, None),
            (3, "c", decimal.Decimal("-2.25"), day, moment),
        ]
        names = [column.name for column in table.columns]
        rows = [dict(zip(names, row, strict=True)) for row in self.given]
        self.connection.execute(table.insert(), rows)
        return table


class Statements(Alchemy):
    def test_text_with_parameters(self):
        rows = self.connection.execute(sa.text("SELECT 1 AS a, :x AS b"), {"x": "it's"})
        self.assertEqual([tuple(row) for row in rows], [(1, "it's")])

    def test_tables_are_made_filled_and_read(self):
        table = self.made()
        rows = self.connection.execute(sa.select(table).order_by(table.c.id)).fetchall()
        self.assertEqual([tuple(row) for row in rows], self.given)

    def test_expressions(self):
        table = self.made()
        query = (
            sa.select(table.c.day, sa.func.count().label("n"), sa.func.sum(table.c.paid))
            .where(table.c.label.in_(["a", "c"]), table.c.id > 0)
            .group_by(table.c.day)
            .order_by(sa.desc("n"))
            .limit(10)
        )
        ((day, count, paid),) = self.connection.execute(query).fetchall()
        self.assertEqual((day, count, paid), (datetime.date(2024, 2, 29), 2, decimal.Decimal("-0.75")))

    def test_errors(self):
        with self.assertRaises(exc.DBAPIError) as caught:
            self.connection.execute(sa.text("SELECT * FROM missing"))
        self.assertIn("missing", str(caught.exception))

    def test_a_pool_gives_live_connections(self):
        for number in range(20):
            with self.engine.connect() as connection:
                self.assertEqual(connection.scalar(sa.text(f"SELECT {number}")), number)


class Superset(Alchemy):
    """What Superset does with a database: list, inspect, wrap, preview."""

    def setUp(self):
        super().setUp()
        self.inspector = sa.inspect(self.engine)

    def test_the_dialogue_that_adds_a_database(self):
        self.assertEqual(self.connection.scalar(sa.text("SELECT 1")), 1)
        self.assertIn("public", self.inspector.get_schema_names())
        self.assertEqual(self.inspector.default_schema_name, "public")

    def test_the_list_of_tables_and_views(self):
        table = self.made()
        view = f"{table.name}_view"
        self.connection.execute(sa.text(f"CREATE VIEW {view} AS SELECT * FROM {table.name}"))
        try:
            for schema in [None, "public"]:
                self.assertIn(table.name, self.inspector.get_table_names(schema=schema))
                self.assertNotIn(view, self.inspector.get_table_names(schema=schema))
                self.assertIn(view, self.inspector.get_view_names(schema=schema))
            self.assertTrue(self.inspector.has_table(table.name, schema="public"))
            self.assertFalse(self.inspector.has_table("missing", schema="public"))
        finally:
            self.connection.execute(sa.text(f"DROP VIEW {view}"))

    def test_the_columns_of_a_table(self):
        columns = self.inspector.get_columns("described", schema="public")
        shown = [(column["name"], str(column["type"]), column["nullable"]) for column in columns]
        self.assertEqual(
            shown,
            [
                ("id", "BIGINT", False),
                ("amount", "NUMERIC(10, 2)", True),
                ("note", "VARCHAR", True),
                ("moment", "DATETIME", True),
                ("ratio", "DOUBLE", True),
                ("day", "DATE", True),
                ("flag", "BOOLEAN", True),
            ],
        )
        self.assertEqual(self.inspector.get_foreign_keys("described"), [])
        self.assertEqual(self.inspector.get_indexes("described"), [])
        with self.assertRaises(exc.NoSuchTableError):
            self.inspector.get_columns("missing")

    def test_a_data_set_of_a_query(self):
        sql = "SELECT id, note FROM described"
        result = self.connection.execute(sa.text(WRAPPED.format(sql=sql)))
        self.assertEqual([column[0] for column in result.cursor.description], ["id", "note"])
        self.assertEqual(len(result.fetchall()), 2)

    def test_the_columns_of_a_query_without_its_rows(self):
        result = self.connection.execute(sa.text("SELECT * FROM (SELECT 1 AS a) AS t WHERE 1 = 0"))
        self.assertEqual([column[0] for column in result.cursor.description], ["a"])
        self.assertEqual(result.fetchall(), [])

    def test_a_chart_by_day(self):
        sql = (
            "SELECT DATE_TRUNC('day', moment) AS __timestamp, count(*) AS n "
            "FROM public.described WHERE moment >= '1970-01-01 00:00:00' "
            "AND moment < TIMESTAMP '1971-01-01' GROUP BY DATE_TRUNC('day', moment) "
            "ORDER BY n DESC LIMIT 50000"
        )
        rows = self.connection.execute(sa.text(sql)).fetchall()
        self.assertEqual([tuple(row) for row in rows], [(datetime.datetime(1970, 1, 1), 1)])

    def test_the_estimate_of_a_cost(self):
        rows = self.connection.execute(sa.text("EXPLAIN SELECT * FROM described")).fetchall()
        self.assertGreater(len(rows), 0)
