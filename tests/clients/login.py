"""Logins and encryption with the ADBC Flight SQL driver, against a running server.

The Rust test `flight::adbc` starts one and runs this. By hand, for a server with a user `ada` who
may read the table `seen` and nothing else:

    COHORTQL_GUARDED=grpc+tls://localhost:50051 COHORTQL_CA=ca.pem COHORTQL_USER=ada \
    COHORTQL_PASSWORD=… COHORTQL_TOKEN=… python tests/clients/login.py
"""

import os
import pathlib
import unittest

import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager
from adbc_driver_flightsql import DatabaseOptions

URI = os.environ["COHORTQL_GUARDED"]
CA = pathlib.Path(os.environ["COHORTQL_CA"]).read_text()
USER = os.environ["COHORTQL_USER"]
PASSWORD = os.environ["COHORTQL_PASSWORD"]
TOKEN = os.environ["COHORTQL_TOKEN"]

BELIEVING = {DatabaseOptions.TLS_ROOT_CERTS.value: CA}


def answer(options, sql="SELECT 1"):
    with flightsql.connect(URI, db_kwargs=BELIEVING | options, autocommit=True) as connection:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()


def by_password(user, password):
    return {"username": user, "password": password}


def by_header(value):
    return {DatabaseOptions.AUTHORIZATION_HEADER.value: value}


class Logins(unittest.TestCase):
    def refused(self, options):
        with self.assertRaises(adbc_driver_manager.Error) as caught:
            answer(options)
        return caught.exception

    def test_user_and_password(self):
        self.assertEqual(answer(by_password(USER, PASSWORD)), (1,))

    def test_a_token(self):
        self.assertEqual(answer(by_header(f"Bearer {TOKEN}")), (1,))

    def test_a_token_as_the_password(self):
        for user in (USER, "token"):
            self.assertEqual(answer(by_password(user, TOKEN)), (1,))

    def test_what_is_wrong_is_unauthenticated(self):
        for options in (
            by_password(USER, "wrong"),
            by_password("nobody", PASSWORD),
            by_header("Bearer wrong"),
            {},
        ):
            with self.subTest(options=options):
                error = self.refused(options)
                status = adbc_driver_manager.AdbcStatusCode.UNAUTHENTICATED
                self.assertEqual(error.status_code, status, str(error))

    def test_a_server_that_is_not_believed(self):
        with self.assertRaises(adbc_driver_manager.Error) as caught:
            options = by_password(USER, PASSWORD)
            with flightsql.connect(URI, db_kwargs=options, autocommit=True) as connection:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
        self.assertIn("certificate", str(caught.exception))

    def test_rights_count(self):
        login = by_password(USER, PASSWORD)
        self.assertEqual(answer(login, "SELECT * FROM seen"), (1,))
        with self.assertRaises(adbc_driver_manager.ProgrammingError) as caught:
            answer(login, "CREATE TABLE t (a INT)")
        status = adbc_driver_manager.AdbcStatusCode.UNAUTHORIZED
        self.assertEqual(caught.exception.status_code, status)
        self.assertIn(f'user "{USER}" may not', str(caught.exception))
        with self.assertRaises(adbc_driver_manager.Error):
            answer(login, "SELECT * FROM hidden")
        options = BELIEVING | login
        with flightsql.connect(URI, db_kwargs=options, autocommit=True) as connection:
            objects = connection.adbc_get_objects(depth="tables", db_schema_filter="public")
            (catalog,) = objects.read_all().to_pylist()
            (schema,) = catalog["catalog_db_schemas"]
            names = [table["table_name"] for table in schema["db_schema_tables"]]
            self.assertEqual(names, ["seen"])

    def test_two_hundred_queries_of_one_login(self):
        options = BELIEVING | by_password(USER, PASSWORD)
        with flightsql.connect(URI, db_kwargs=options, autocommit=True) as connection:
            with connection.cursor() as cursor:
                for number in range(200):
                    cursor.execute(f"SELECT {number}")
                    self.assertEqual(cursor.fetchone(), (number,))


if __name__ == "__main__":
    unittest.main(verbosity=2)
