"""What the ADBC driver tells of catalogs, tables and the server."""

import adbc_driver_manager
import pyarrow as pa
from database import Case


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

    def tables(self, **filters):
        return [
            (schema["db_schema_name"], table)
            for catalog in self.objects(**filters)
            for schema in catalog["catalog_db_schemas"] or []
            for table in schema["db_schema_tables"] or []
        ]

    def names(self, **filters):
        return [table["table_name"] for _, table in self.tables(**filters)]

    def test_filters_of_every_depth(self):
        name = self.table("id BIGINT, label VARCHAR")
        self.assertEqual(self.objects(depth="catalogs", catalog_filter="elsewhere"), [])
        for filters, expected in [
            ({"table_name_filter": name}, [name]),
            ({"table_name_filter": name[:-4] + "%"}, [name]),
            ({"table_name_filter": name, "catalog_filter": "cohortql"}, [name]),
            ({"table_name_filter": name, "db_schema_filter": "publi_"}, [name]),
            ({"table_name_filter": name, "db_schema_filter": "nowhere"}, []),
            ({"table_name_filter": name, "table_types_filter": ["TABLE"]}, [name]),
            ({"table_name_filter": name, "table_types_filter": ["BASE TABLE"]}, [name]),
            ({"table_name_filter": name, "table_types_filter": ["VIEW"]}, []),
            ({"table_name_filter": "no such table"}, []),
        ]:
            for depth in ["tables", "all"]:
                with self.subTest(filters=filters, depth=depth):
                    self.assertEqual(self.names(depth=depth, **filters), expected)

    def test_columns_are_described(self):
        ((schema, table),) = self.tables(depth="all", table_name_filter="described")
        self.assertEqual((schema, table["table_type"]), ("public", "TABLE"))
        columns = {column["column_name"]: column for column in table["table_columns"]}
        self.assertEqual(columns["id"]["xdbc_type_name"], "BIGINT")
        amount = columns["amount"]
        self.assertEqual((amount["ordinal_position"], amount["xdbc_type_name"]), (2, "DECIMAL"))
        self.assertEqual(amount["xdbc_scope_table"], "described")

    def test_some_columns(self):
        ((_, table),) = self.tables(
            depth="all", table_name_filter="described", column_name_filter="%o%e%"
        )
        names = [column["column_name"] for column in table["table_columns"]]
        self.assertEqual(names, ["note", "moment"])

    def test_everything_the_server_says_of_itself(self):
        info = self.connection.adbc_get_info()
        self.assertTrue(info["vendor_version"])
        self.assertTrue(info["vendor_arrow_version"])

    def test_statistics_are_not_kept(self):
        with self.assertRaises(adbc_driver_manager.NotSupportedError):
            self.connection.adbc_get_statistics().read_all()
