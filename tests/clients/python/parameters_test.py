"""Parameters through the ADBC driver."""

import datetime
import decimal

import pyarrow as pa
from database import Case


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

    def test_of_every_type_of_arrow(self):
        for value in [
            pa.scalar(7, pa.int8()),
            pa.scalar(7, pa.uint64()),
            pa.scalar(1.5, pa.float32()),
            pa.scalar("text", pa.large_string()),
            pa.scalar("text", pa.string_view()),
            pa.scalar(b"bytes", pa.binary()),
            pa.scalar(datetime.date(2024, 2, 29), pa.date32()),
            pa.scalar(datetime.time(12, 34, 56), pa.time64("us")),
            pa.scalar(datetime.datetime(2024, 2, 29, 12), pa.timestamp("us")),
            pa.scalar(datetime.timedelta(seconds=5), pa.duration("ms")),
            pa.scalar(decimal.Decimal("12.34"), pa.decimal128(10, 2)),
            pa.scalar([1, None, 3], pa.list_(pa.int64())),
            pa.scalar(None, pa.int64()),
        ]:
            with self.subTest(type=value.type):
                batch = pa.record_batch({"a": pa.array([value.as_py()], value.type)})
                self.cursor.execute("SELECT ? AS x", batch)
                (came,) = self.cursor.fetch_arrow_table().column("x").to_pylist()
                self.assertEqual(came, value.as_py())

    def test_a_result_for_each_row(self):
        batch = pa.record_batch({"a": [1, 2, 3]})
        self.cursor.execute("SELECT CAST(? AS BIGINT) * 10 AS x", batch)
        self.assertEqual(self.cursor.fetchall(), [(10,), (20,), (30,)])

    def test_what_is_cast_is_announced_as_what_it_is_cast_to(self):
        schema = self.cursor.adbc_prepare("SELECT CAST(? AS BIGINT), ?")
        self.assertEqual(schema.types, [pa.int64(), pa.null()])
