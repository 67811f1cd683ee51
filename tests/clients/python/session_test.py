"""Catalog and schema of a connection, by ADBC's own options."""

import adbc_driver_manager

from database import Case, connect


class Sessions(Case):
    def setUp(self):
        super().setUp()
        self.schema = self.table("id INT").replace("t_", "s_", 1)
        self.cursor.execute(f"CREATE SCHEMA {self.schema}")
        self.addCleanup(self.cursor.execute, f"DROP SCHEMA {self.schema} CASCADE")
        self.cursor.execute(f"CREATE TABLE {self.schema}.described AS VALUES (7)")

    def test_the_schema_of_a_connection(self):
        with connect() as connection, connection.cursor() as cursor:
            self.assertEqual(connection.adbc_current_db_schema, "public")
            connection.adbc_current_db_schema = self.schema
            self.assertEqual(connection.adbc_current_db_schema, self.schema)
            cursor.execute("SELECT * FROM described")
            self.assertEqual(cursor.fetchall(), [(7,)])
        self.assertEqual(self.rows("SELECT count(*) FROM described"), [(2,)])

    def test_the_catalog_of_a_connection(self):
        self.connection.adbc_current_catalog = "cohortql"
        self.assertEqual(self.connection.adbc_current_catalog, "cohortql")

    def test_names_that_are_not_there(self):
        for option in ("adbc_current_catalog", "adbc_current_db_schema"):
            with self.subTest(option=option):
                with self.assertRaises(adbc_driver_manager.Error) as caught:
                    setattr(self.connection, option, "nowhere")
                self.assertIn("(invalid value)", str(caught.exception))
        self.assertEqual(self.rows("SELECT count(*) FROM described"), [(2,)])
