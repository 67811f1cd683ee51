"""Substrait plans, made by the Substrait project's own library, through the ADBC driver."""

import adbc_driver_manager
import pyarrow as pa
from database import Case
from substrait.builders import type as types
from substrait.builders.extended_expression import (
    aggregate_function,
    column,
    literal,
    scalar_function,
)
from substrait.builders.plan import aggregate, filter, read_named_table
from substrait.extension_registry import ExtensionRegistry

ARITHMETIC = "extension:io.substrait:functions_arithmetic"
COMPARISON = "extension:io.substrait:functions_comparison"

ORDERS = types.named_struct(
    names=["customer", "amount"],
    struct=types.struct(types=[types.string(), types.fp64()], nullable=False),
)


def total_by_customer(table, at_least):
    """`SELECT customer, sum(amount) AS total FROM table WHERE amount >= at_least GROUP BY customer`"""
    enough = scalar_function(
        COMPARISON, "gte", expressions=[column("amount"), literal(at_least, types.fp64(False))]
    )
    total = aggregate_function(ARITHMETIC, "sum", expressions=[column("amount")], alias="total")
    plan = aggregate(
        filter(read_named_table(table, ORDERS), expression=enough), [column("customer")], [total]
    )
    return plan(ExtensionRegistry(load_default_extensions=True)).SerializeToString()


class Substrait(Case):
    def orders(self):
        name = self.table("customer VARCHAR, amount DOUBLE")
        self.cursor.execute(
            f"INSERT INTO {name} VALUES ('ada', 10.0), ('ada', 2.5), ('bob', 4.0), ('bob', 0.5)"
        )
        return name

    def answer(self, plan, prepare):
        statement = adbc_driver_manager.AdbcStatement(self.connection.adbc_connection)
        try:
            statement.set_substrait_plan(plan)
            if prepare:
                statement.prepare()
            stream, _ = statement.execute_query()
            table = pa.RecordBatchReader._import_from_c(stream.address).read_all()
            return table.column_names, sorted(zip(*table.to_pydict().values()))
        finally:
            statement.close()

    def test_a_plan_is_run(self):
        plan = total_by_customer(self.orders(), 1.0)
        expected = (["customer", "total"], [("ada", 12.5), ("bob", 4.0)])
        self.assertEqual(self.answer(plan, prepare=False), expected)

    def test_a_plan_is_prepared_and_run(self):
        plan = total_by_customer(self.orders(), 5.0)
        expected = (["customer", "total"], [("ada", 10.0)])
        self.assertEqual(self.answer(plan, prepare=True), expected)

    def test_what_is_no_plan_is_refused(self):
        with self.assertRaisesRegex(Exception, "expected a Substrait plan"):
            self.answer(b"SELECT 1", prepare=False)

    def test_a_plan_over_a_missing_table_is_refused(self):
        with self.assertRaisesRegex(Exception, "no_such_table"):
            self.answer(total_by_customer("no_such_table", 1.0), prepare=False)
