"""SQLAlchemy's dialect for this server: the Flight SQL dialect of `sqlalchemy-adbc`, with what that
leaves to each server."""

import adbc_driver_manager
import pyarrow as pa
from sqlalchemy import exc, types
from sqlalchemy.dialects import registry
from sqlalchemy.sql import compiler
from sqlalchemy_adbc.flightsql import ADBCFlightSQLDialect


def column_type(arrow):
    """The type of a column, by the Arrow type that it is sent as."""
    for is_of, made in [
        (pa.types.is_boolean, types.Boolean),
        (pa.types.is_int64, types.BigInteger),
        (pa.types.is_uint64, types.BigInteger),
        (pa.types.is_integer, types.Integer),
        (pa.types.is_float32, types.REAL),
        (pa.types.is_floating, types.Double),
        (pa.types.is_date, types.Date),
        (pa.types.is_time, types.Time),
        (pa.types.is_duration, types.Interval),
        (pa.types.is_string, types.String),
        (pa.types.is_large_string, types.String),
        (pa.types.is_binary, types.LargeBinary),
        (pa.types.is_large_binary, types.LargeBinary),
        (pa.types.is_fixed_size_binary, types.LargeBinary),
    ]:
        if is_of(arrow):
            return made()
    if pa.types.is_decimal(arrow):
        return types.Numeric(arrow.precision, arrow.scale)
    if pa.types.is_timestamp(arrow):
        return types.DateTime(timezone=arrow.tz is not None)
    return types.NullType()


class CohortQLTypeCompiler(compiler.GenericTypeCompiler):
    """The names of types in definitions of tables, where they are not the standard's."""

    def visit_DATETIME(self, type_, **options):
        return "TIMESTAMP"

    def visit_BLOB(self, type_, **options):
        return "BYTEA"

    def visit_TEXT(self, type_, **options):
        return "VARCHAR"


class CohortQLDialect(ADBCFlightSQLDialect):
    """`cohortql+adbc://127.0.0.1:50051?tls=false`."""

    name = "cohortql"
    type_compiler_cls = CohortQLTypeCompiler
    supports_statement_cache = True
    supports_native_boolean = True
    supports_multivalues_insert = True

    def build_connect_args(self, url):
        arguments, options = super().build_connect_args(url)
        return arguments, {**options, "autocommit": True}

    # Every statement is a transaction of its own.
    def do_commit(self, dbapi_connection):
        pass

    def do_rollback(self, dbapi_connection):
        pass

    def _get_default_schema_name(self, connection):
        return "public"

    def _names(self, connection, schema, kind):
        schema = schema or self.default_schema_name
        return [
            table["table_name"]
            for catalog in self._tree(connection, schema=schema, depth="tables")
            for found in catalog["catalog_db_schemas"] or []
            for table in found["db_schema_tables"] or []
            if table["table_type"] == kind
        ]

    def get_table_names(self, connection, schema=None, **options):
        return self._names(connection, schema, "TABLE")

    def get_view_names(self, connection, schema=None, **options):
        return self._names(connection, schema, "VIEW")

    def get_columns(self, connection, table_name, schema=None, **options):
        try:
            found = self._adbc_connection(connection).adbc_get_table_schema(
                table_name, db_schema_filter=schema
            )
        except adbc_driver_manager.Error as error:
            raise exc.NoSuchTableError(table_name) from error
        return [
            {
                "name": field.name,
                "type": column_type(field.type),
                "nullable": field.nullable,
                "default": None,
                "autoincrement": False,
                "comment": None,
            }
            for field in found
        ]


registry.register("cohortql.adbc", __name__, CohortQLDialect.__name__)
