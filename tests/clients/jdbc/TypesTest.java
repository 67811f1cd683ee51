import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.sql.Date;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.OffsetDateTime;
import java.util.Calendar;
import java.util.List;
import java.util.TimeZone;
import org.junit.jupiter.api.Test;

/** Columns of every plain type, read in the ways that applications read them. */
class TypesTest extends Database {
    private static final Calendar UTC = Calendar.getInstance(TimeZone.getTimeZone("UTC"));

    /** What reads a cell. */
    private interface Reading {
        void of(ResultSet results) throws SQLException;
    }

    private void cell(String expression, int type, Reading reading) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet results = statement.executeQuery("SELECT " + expression + " AS x")) {
            assertEquals(type, results.getMetaData().getColumnType(1), expression);
            assertTrue(results.next());
            reading.of(results);
            assertFalse(results.next());
        }
    }

    private void isNull(String sqlType) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet results =
                        statement.executeQuery("SELECT arrow_cast(NULL, '" + sqlType + "')")) {
            assertTrue(results.next());
            assertNull(results.getString(1), sqlType);
            assertTrue(results.wasNull(), sqlType);
            // The driver has no object for a moment with a zone, unless asked for its class.
            if (!sqlType.contains("Some")) {
                assertNull(results.getObject(1), sqlType);
            }
        }
    }

    @Test
    void wholeNumbers() throws SQLException {
        whole("arrow_cast(-128, 'Int8')", Types.TINYINT, -128);
        whole("arrow_cast(-32768, 'Int16')", Types.SMALLINT, -32768);
        whole("arrow_cast(2147483647, 'Int32')", Types.INTEGER, 2147483647);
        whole("9223372036854775807", Types.BIGINT, Long.MAX_VALUE);
    }

    @Test
    void unsignedNumbers() throws SQLException {
        // The upper half of each range is beyond the driver, which takes all ones for -1.
        whole("arrow_cast(127, 'UInt8')", Types.TINYINT, 127);
        whole("arrow_cast(32767, 'UInt16')", Types.SMALLINT, 32767);
        whole("arrow_cast(2147483647, 'UInt32')", Types.INTEGER, 2147483647);
        whole("arrow_cast(9223372036854775807, 'UInt64')", Types.BIGINT, Long.MAX_VALUE);
    }

    private void whole(String expression, int type, long value) throws SQLException {
        cell(
                expression,
                type,
                results -> {
                    assertEquals(value, results.getLong("x"), expression);
                    assertEquals(String.valueOf(value), results.getString(1), expression);
                    assertEquals(value, ((Number) results.getObject(1)).longValue(), expression);
                    assertEquals((double) value, results.getDouble(1), expression);
                    assertFalse(results.wasNull());
                });
    }

    @Test
    void numbersWithFractions() throws SQLException {
        cell("1.5", Types.DOUBLE, results -> assertEquals(1.5, results.getDouble(1)));
        cell(
                "arrow_cast(0.25, 'Float32')",
                Types.FLOAT,
                results -> assertEquals(0.25f, results.getFloat(1)));
        cell(
                "arrow_cast(0.5, 'Float16')",
                Types.FLOAT,
                results -> assertEquals(0.5, results.getDouble(1)));
        cell(
                "'NaN'::DOUBLE",
                Types.DOUBLE,
                results -> assertTrue(Double.isNaN(results.getDouble(1))));
    }

    @Test
    void decimals() throws SQLException {
        cell(
                "'-12345678.90'::DECIMAL(10, 2)",
                Types.DECIMAL,
                results -> {
                    assertEquals(new BigDecimal("-12345678.90"), results.getBigDecimal(1));
                    assertEquals(new BigDecimal("-12345678.90"), results.getObject(1));
                });
        String wide = "12345678901234567890123456789012345678901234567890.123";
        cell(
                "arrow_cast('" + wide + "', 'Decimal256(60, 3)')",
                Types.DECIMAL,
                results -> assertEquals(new BigDecimal(wide), results.getBigDecimal(1)));
    }

    @Test
    void digitsOfDecimals() throws SQLException {
        String sql = "SELECT 1.5::DECIMAL(10, 2), 2::DECIMAL(38, 0), sum(1.5::DECIMAL(10, 2)), 1";
        try (Statement statement = connection.createStatement();
                ResultSet results = statement.executeQuery(sql)) {
            ResultSetMetaData columns = results.getMetaData();
            assertEquals(10, columns.getPrecision(1));
            assertEquals(2, columns.getScale(1));
            assertEquals(38, columns.getPrecision(2));
            assertEquals(0, columns.getScale(2));
            assertEquals(20, columns.getPrecision(3));
            assertEquals(2, columns.getScale(3));
            assertEquals(0, columns.getScale(4));
        }
    }

    @Test
    void texts() throws SQLException {
        for (String kind : List.of("Utf8", "LargeUtf8", "Utf8View", "Dictionary(Int8, Utf8)")) {
            try (Statement statement = connection.createStatement();
                    ResultSet results =
                            statement.executeQuery("SELECT arrow_cast('ž😀', '" + kind + "')")) {
                assertTrue(results.next());
                assertEquals("ž😀", results.getString(1), kind);
                assertEquals("ž😀", results.getObject(1).toString(), kind);
            }
        }
        cell("''", Types.VARCHAR, results -> assertEquals("", results.getString(1)));
    }

    @Test
    void binaries() throws SQLException {
        byte[] expected = {0, (byte) 0xff, 10};
        for (String kind : List.of("Binary", "LargeBinary", "BinaryView", "FixedSizeBinary(3)")) {
            try (Statement statement = connection.createStatement();
                    ResultSet results =
                            statement.executeQuery("SELECT arrow_cast(X'00ff0a', '" + kind + "')")) {
                assertTrue(results.next());
                assertArrayEquals(expected, results.getBytes(1), kind);
                assertArrayEquals(expected, (byte[]) results.getObject(1), kind);
            }
        }
    }

    @Test
    void flags() throws SQLException {
        cell(
                "true",
                Types.BOOLEAN,
                results -> {
                    assertTrue(results.getBoolean(1));
                    assertEquals(Boolean.TRUE, results.getObject(1));
                    assertEquals("true", results.getString(1));
                });
    }

    @Test
    void days() throws SQLException {
        cell(
                "DATE '2024-02-29'",
                Types.DATE,
                results -> {
                    assertEquals(Date.valueOf("2024-02-29"), results.getDate(1));
                    assertEquals("2024-02-29", results.getString(1));
                });
        cell(
                "DATE '1969-12-31'",
                Types.DATE,
                results -> assertEquals("1969-12-31", results.getString(1)));
    }

    @Test
    void momentsWithoutZone() throws SQLException {
        for (String unit : List.of("Second", "Millisecond", "Microsecond", "Nanosecond")) {
            cell(
                    "arrow_cast('2024-02-29 12:34:56', 'Timestamp(" + unit + ", None)')",
                    Types.TIMESTAMP,
                    results -> {
                        Timestamp expected = Timestamp.valueOf("2024-02-29 12:34:56");
                        assertEquals(expected, results.getTimestamp(1), unit);
                        assertEquals("12:34:56", results.getTime(1).toString(), unit);
                        assertEquals("2024-02-29", results.getDate(1).toString(), unit);
                    });
        }
        cell(
                "TIMESTAMP '2024-02-29 12:34:56.789'",
                Types.TIMESTAMP,
                results ->
                        assertEquals(
                                Timestamp.valueOf("2024-02-29 12:34:56.789"),
                                results.getTimestamp(1)));
    }

    @Test
    void momentsWithZone() throws SQLException {
        cell(
                "arrow_cast('2024-02-29T12:00:00Z', 'Timestamp(Microsecond, Some(\"UTC\"))')",
                Types.TIMESTAMP_WITH_TIMEZONE,
                results -> {
                    assertEquals(1_709_208_000_000L, results.getTimestamp(1, UTC).getTime());
                    assertEquals(
                            OffsetDateTime.parse("2024-02-29T12:00:00Z"),
                            results.getObject(1, OffsetDateTime.class));
                });
    }

    @Test
    void timesOfDay() throws SQLException {
        for (String kind :
                List.of(
                        "Time32(Second)",
                        "Time32(Millisecond)",
                        "Time64(Microsecond)",
                        "Time64(Nanosecond)")) {
            cell(
                    "arrow_cast('12:34:56', '" + kind + "')",
                    Types.TIME,
                    results -> assertEquals("12:34:56", results.getTime(1).toString(), kind));
        }
    }

    @Test
    void spans() throws SQLException {
        for (String kind :
                List.of(
                        "INTERVAL '14 months 3 days'",
                        "arrow_cast(5000, 'Duration(Millisecond)')",
                        "arrow_cast(5000, 'Duration(Nanosecond)')")) {
            try (Statement statement = connection.createStatement();
                    ResultSet results = statement.executeQuery("SELECT " + kind)) {
                assertTrue(results.next());
                assertNotNull(results.getObject(1), kind);
                assertTrue(results.getString(1).startsWith("P"), kind);
            }
        }
    }

    @Test
    void nulls() throws SQLException {
        for (String kind :
                List.of(
                        "Boolean",
                        "Int8",
                        "Int16",
                        "Int32",
                        "Int64",
                        "UInt8",
                        "UInt16",
                        "UInt32",
                        "UInt64",
                        "Float16",
                        "Float32",
                        "Float64",
                        "Decimal128(10, 2)",
                        "Decimal256(60, 3)",
                        "Utf8",
                        "LargeUtf8",
                        "Utf8View",
                        "Binary",
                        "LargeBinary",
                        "FixedSizeBinary(3)",
                        "Date32",
                        "Date64",
                        "Time32(Second)",
                        "Time64(Nanosecond)",
                        "Timestamp(Nanosecond, None)",
                        "Timestamp(Microsecond, Some(\"UTC\"))",
                        "Interval(MonthDayNano)",
                        "Duration(Millisecond)",
                        "List(Int64)",
                        "Null")) {
            isNull(kind);
        }
    }

    @Test
    void primitiveReadingsOfNull() throws SQLException {
        cell(
                "NULL::BIGINT",
                Types.BIGINT,
                results -> {
                    assertEquals(0, results.getLong(1));
                    assertTrue(results.wasNull());
                    assertNull(results.getBigDecimal(1));
                });
    }
}
