"""What goes wrong, as the ADBC driver tells it."""

import adbc_driver_flightsql
import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager
from database import URI, Case


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


class Timeouts(Case):
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
