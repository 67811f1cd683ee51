import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Statements and results: their shape, their limits, and closing them in odd orders. */
class StatementsTest extends Database {
    private static final String ENDLESS =
            "SELECT count(*) FROM generate_series(1, 1000000000000) WHERE value % 7 = 3";

    @Test
    void columnsOfResults() throws SQLException {
        String sql = "SELECT id, amount AS money, note FROM described";
        try (Statement statement = connection.createStatement();
                ResultSet results = statement.executeQuery(sql)) {
            ResultSetMetaData columns = results.getMetaData();
            assertEquals(3, columns.getColumnCount());
            assertEquals("id", columns.getColumnName(1));
            // A comment of the column must not take the place of its name.
            assertEquals("money", columns.getColumnLabel(2));
            assertEquals("money", columns.getColumnName(2));
            assertEquals(Types.BIGINT, columns.getColumnType(1));
            assertEquals(Types.DECIMAL, columns.getColumnType(2));
            assertEquals(Types.VARCHAR, columns.getColumnType(3));
            assertEquals(3, results.findColumn("note"));
        }
    }

    @Test
    void columnsBeforeExecution() throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT id, note FROM described WHERE id = ?")) {
            assertEquals(2, statement.getMetaData().getColumnCount());
            assertEquals("note", statement.getMetaData().getColumnName(2));
        }
    }

    @Test
    void noRows() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet results = statement.executeQuery("SELECT 1 AS one WHERE false")) {
            assertEquals("one", results.getMetaData().getColumnName(1));
            assertFalse(results.next());
        }
    }

    @Test
    void noMoreRowsThanAskedFor() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setMaxRows(10);
            String sql = "SELECT value FROM generate_series(1, 100000)";
            try (ResultSet results = statement.executeQuery(sql)) {
                assertEquals(10, rows(results).size());
            }
        }
    }

    @Test
    void aMillionRows() throws SQLException {
        String sql = "SELECT value, repeat('x', 50) AS wide FROM generate_series(1, 1000000)";
        long sum = 0;
        try (Statement statement = connection.createStatement();
                ResultSet results = statement.executeQuery(sql)) {
            while (results.next()) {
                sum += results.getLong(1);
            }
        }
        assertEquals(500_000_500_000L, sum);
    }

    @Test
    void resultsThatNobodyReadsToTheirEnd() throws SQLException {
        for (int time = 0; time < 5; time++) {
            String sql = "SELECT value FROM generate_series(1, 100000000000)";
            try (Statement statement = connection.createStatement();
                    ResultSet results = statement.executeQuery(sql)) {
                assertTrue(results.next());
                assertEquals(1, results.getLong(1));
            }
        }
        assertEquals(List.of("1"), rows("SELECT 1"));
    }

    @Test
    void closingInOddOrders() throws SQLException {
        Statement statement = connection.createStatement();
        ResultSet results = statement.executeQuery("SELECT value FROM generate_series(1, 100000)");
        assertTrue(results.next());
        statement.close();
        results.close();
        results.close();
        statement.close();

        PreparedStatement prepared = connection.prepareStatement("SELECT CAST(? AS INT)");
        prepared.setInt(1, 1);
        ResultSet first = prepared.executeQuery();
        assertTrue(first.next());
        prepared.close();
        first.close();

        Connection other = connect();
        Statement left = other.createStatement();
        rows(left.executeQuery("SELECT 1"));
        other.close();
        left.close();
        assertTrue(other.isClosed());
        assertEquals(List.of("1"), rows("SELECT 1"));
    }

    @Test
    void oneAfterTheOtherOnOneStatement() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (int number = 0; number < 50; number++) {
                try (ResultSet results = statement.executeQuery("SELECT " + number)) {
                    assertEquals(List.of(String.valueOf(number)), rows(results));
                }
            }
        }
    }

    @Test
    void timeouts() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            assertEquals(1, statement.getQueryTimeout());
            assertThrows(SQLException.class, () -> rows(statement.executeQuery(ENDLESS)));
        }
        assertEquals(List.of("1"), rows("SELECT 1"));
    }

    @Test
    void cancelling() throws Exception {
        try (Statement statement = connection.createStatement()) {
            String sql = "SELECT value FROM generate_series(1, 1000000000000)";
            CountDownLatch started = new CountDownLatch(1);
            CompletableFuture<Void> reading =
                    CompletableFuture.runAsync(
                            () -> {
                                try (ResultSet results = statement.executeQuery(sql)) {
                                    while (results.next()) {
                                        started.countDown();
                                    }
                                } catch (SQLException error) {
                                    throw new IllegalStateException(error);
                                }
                            });
            assertTrue(started.await(60, TimeUnit.SECONDS));
            statement.cancel();
            assertThrows(ExecutionException.class, () -> reading.get(60, TimeUnit.SECONDS));
        }
        assertEquals(List.of("1"), rows("SELECT 1"));
    }

    @Test
    void liveness() throws SQLException {
        assertTrue(connection.isValid(5));
        assertTrue(connection.getAutoCommit());
        connection.close();
        assertFalse(connection.isValid(5));
    }
}
