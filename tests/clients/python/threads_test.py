"""Many threads, on connections of their own and on one that they share."""

import concurrent.futures

from database import Case, connect

THREADS = 16
QUERIES = 20


def ask(connection, thread):
    for query in range(QUERIES):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT CAST(? AS BIGINT) * 1000 + value FROM generate_series(1, 3)", (thread,)
            )
            expected = [(thread * 1000 + value,) for value in range(1, 4)]
            if cursor.fetchall() != expected:
                raise AssertionError(f"thread {thread} got another's rows in query {query}")


def ask_alone(thread):
    with connect() as connection:
        ask(connection, thread)


class Threads(Case):
    def test_connections_of_their_own(self):
        with concurrent.futures.ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(ask_alone, range(THREADS)))

    def test_one_connection(self):
        with concurrent.futures.ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(lambda thread: ask(self.connection, thread), range(THREADS)))
