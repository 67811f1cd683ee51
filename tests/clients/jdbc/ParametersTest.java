import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Date;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Time;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Values in, as parameters of prepared statements. */
class ParametersTest extends Database {
    /** What sets the first parameter. */
    private interface Setting {
        void of(PreparedStatement statement) throws SQLException;
    }

    /** Asks for a parameter as a value of a type, and gives the answer as text. */
    private String echoed(String type, Setting setting) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT CAST(? AS " + type + ") AS x")) {
            setting.of(statement);
            try (ResultSet results = statement.executeQuery()) {
                return rows(results).get(0);
            }
        }
    }

    @Test
    void ofEveryType() throws SQLException {
        assertEquals("-7", echoed("TINYINT", s -> s.setByte(1, (byte) -7)));
        assertEquals("-300", echoed("SMALLINT", s -> s.setShort(1, (short) -300)));
        assertEquals("70000", echoed("INT", s -> s.setInt(1, 70000)));
        assertEquals("5000000000", echoed("BIGINT", s -> s.setLong(1, 5_000_000_000L)));
        assertEquals("0.25", echoed("REAL", s -> s.setFloat(1, 0.25f)));
        assertEquals("1.5", echoed("DOUBLE", s -> s.setDouble(1, 1.5)));
        assertEquals("true", echoed("BOOLEAN", s -> s.setBoolean(1, true)));
        assertEquals("ž'😀", echoed("VARCHAR", s -> s.setString(1, "ž'😀")));
        assertEquals(
                "12.34", echoed("DECIMAL(10, 2)", s -> s.setBigDecimal(1, new BigDecimal("12.34"))));
        assertEquals(
                "2024-02-29", echoed("DATE", s -> s.setDate(1, Date.valueOf("2024-02-29"))));
    }

    /** The driver counts times in milliseconds, whatever the statement makes of them. */
    @Test
    void timesAndMoments() throws SQLException {
        Timestamp moment = Timestamp.valueOf("2024-02-29 12:34:56.789");
        for (String type : List.of("TIMESTAMP", "TIMESTAMP(3)", "TIMESTAMP(6)", "TIMESTAMP(9)")) {
            assertEquals("2024-02-29 12:34:56.789", echoed(type, s -> s.setTimestamp(1, moment)), type);
        }
        Timestamp before = Timestamp.valueOf("1969-12-31 23:59:59.001");
        assertEquals(
                "1969-12-31 23:59:59.001", echoed("TIMESTAMP", s -> s.setTimestamp(1, before)));
        assertEquals(
                "12:34:56", echoed("TIME", s -> s.setTime(1, Time.valueOf("12:34:56"))));
        assertEquals(
                "2024-02-29T12:34:56.123456789",
                echoed("VARCHAR", s -> s.setString(1, "2024-02-29T12:34:56.123456789")));
    }

    /** A column's own unit is no matter of the client's. */
    @Test
    void momentsBesideColumns() throws SQLException {
        String table = table("at TIMESTAMP, day DATE, hour TIME");
        String values = "INSERT INTO " + table + " VALUES (?, ?, ?)";
        try (PreparedStatement statement = connection.prepareStatement(values)) {
            statement.setTimestamp(1, Timestamp.valueOf("2024-02-29 12:34:56.789"));
            statement.setDate(2, Date.valueOf("2024-02-29"));
            statement.setTime(3, Time.valueOf("23:59:59"));
            assertEquals(1, statement.executeUpdate());
        }
        String sql = "SELECT count(*) FROM " + table + " WHERE at = ? AND day = ? AND hour = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setTimestamp(1, Timestamp.valueOf("2024-02-29 12:34:56.789"));
            statement.setDate(2, Date.valueOf("2024-02-29"));
            statement.setTime(3, Time.valueOf("23:59:59"));
            try (ResultSet results = statement.executeQuery()) {
                assertEquals(List.of("1"), rows(results));
            }
        }
        assertEquals(
                List.of("2024-02-29T12:34:56.789|2024-02-29|23:59:59"),
                rows(
                        "SELECT CAST(at AS VARCHAR), CAST(day AS VARCHAR), CAST(hour AS VARCHAR) FROM "
                                + table));
    }

    /** Values of every kind of time, beside results that nest, over and over. */
    @Test
    @Timeout(120)
    void timesBesideNestedResults() throws SQLException {
        for (String nested :
                List.of(
                        "named_struct('a', 'x', 'b', [1, NULL])",
                        "[named_struct('a', 'x')]",
                        "[map(['a'], ['b'])]",
                        "arrow_cast([0.5], 'FixedSizeList(1, Float32)')")) {
            String sql =
                    "SELECT CAST(? AS DATE), CAST(? AS TIME), CAST(? AS TIMESTAMP), " + nested;
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                for (int second = 0; second < 20; second++) {
                    String time = String.format("12:34:%02d", second);
                    statement.setDate(1, Date.valueOf("2024-02-29"));
                    statement.setTime(2, Time.valueOf(time));
                    statement.setTimestamp(3, Timestamp.valueOf("2024-02-29 " + time));
                    try (ResultSet results = statement.executeQuery()) {
                        assertTrue(results.next());
                        assertEquals("2024-02-29", results.getString(1));
                        assertEquals(time, results.getString(2));
                        assertEquals("2024-02-29 " + time, results.getString(3).substring(0, 19));
                        assertTrue(results.getString(4).startsWith(nested.startsWith("named") ? "{" : "["));
                        assertTrue(!results.next());
                    }
                }
            }
        }
    }

    @Test
    void binaries() throws SQLException {
        byte[] given = "bytes".getBytes(StandardCharsets.UTF_8);
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT CAST(? AS BYTEA) AS x")) {
            statement.setBytes(1, given);
            try (ResultSet results = statement.executeQuery()) {
                assertTrue(results.next());
                assertArrayEquals(given, results.getBytes(1));
            }
        }
    }

    @Test
    void nulls() throws SQLException {
        for (String type : List.of("BIGINT", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP", "BOOLEAN")) {
            assertEquals("null", echoed(type, s -> s.setNull(1, Types.VARCHAR)), type);
            assertEquals("null", echoed(type, s -> s.setObject(1, null)), type);
        }
        assertEquals("5", echoed("BIGINT", s -> s.setObject(1, 5L)));
    }

    @Test
    void ofTypeLeftOpen() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT ? AS x")) {
            statement.setString(1, "any");
            try (ResultSet results = statement.executeQuery()) {
                assertEquals(List.of("any"), rows(results));
            }
        }
    }

    @Test
    void inConditions() throws SQLException {
        String sql = "SELECT not_null_id FROM everything WHERE not_null_id > ? AND not_null_id < ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            ParameterMetaData parameters = statement.getParameterMetaData();
            assertEquals(2, parameters.getParameterCount());
            assertEquals(Types.BIGINT, parameters.getParameterType(1));
            statement.setLong(1, 1);
            statement.setLong(2, 3);
            try (ResultSet results = statement.executeQuery()) {
                assertEquals(List.of("2"), rows(results));
            }
        }
    }

    @Test
    void againWithOtherValues() throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT CAST(? AS BIGINT) * 2")) {
            for (long value = 0; value < 20; value++) {
                statement.setLong(1, value);
                try (ResultSet results = statement.executeQuery()) {
                    assertEquals(List.of(String.valueOf(value * 2)), rows(results));
                }
            }
        }
    }

    @Test
    void questionMarksThatAreNone() throws SQLException {
        String sql = "SELECT 'a?b', \"what?\", ? FROM (SELECT 1 AS \"what?\") /* ? */ -- ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            assertEquals(1, statement.getParameterMetaData().getParameterCount());
            statement.setString(1, "x");
            try (ResultSet results = statement.executeQuery()) {
                assertEquals(List.of("a?b|1|x"), rows(results));
            }
        }
    }

    @Test
    void moreThanNine() throws SQLException {
        List<String> places = new ArrayList<>();
        List<String> values = new ArrayList<>();
        for (int at = 1; at <= 12; at++) {
            places.add("?");
            values.add("v" + at);
        }
        String sql = "SELECT " + String.join(", ", places);
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int at = 1; at <= 12; at++) {
                statement.setString(at, "v" + at);
            }
            try (ResultSet results = statement.executeQuery()) {
                assertEquals(List.of(String.join("|", values)), rows(results));
            }
        }
    }

    @Test
    void aThousandPreparedStatements() throws SQLException {
        List<PreparedStatement> open = new ArrayList<>();
        for (int number = 0; number < 1000; number++) {
            open.add(connection.prepareStatement("SELECT " + number + " + CAST(? AS INT)"));
        }
        for (int number = 0; number < 1000; number += 99) {
            open.get(number).setInt(1, 1);
            try (ResultSet results = open.get(number).executeQuery()) {
                assertEquals(List.of(String.valueOf(number + 1)), rows(results));
            }
        }
        for (PreparedStatement statement : open) {
            statement.close();
        }
    }
}
