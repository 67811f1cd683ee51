"""Definitions and changes through the ADBC driver, each run exactly once."""

from database import Case


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
