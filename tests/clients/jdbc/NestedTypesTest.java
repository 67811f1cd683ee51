import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Array;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Lists, structs, maps, and a table that has a column of every type. */
class NestedTypesTest extends Database {
    @Test
    void lists() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet results = statement.executeQuery("SELECT [1, NULL, 3], ['a'], [[1], []]")) {
            assertTrue(results.next());
            Array numbers = results.getArray(1);
            assertEquals(Arrays.asList(1L, null, 3L), Arrays.asList((Object[]) numbers.getArray()));
            assertEquals("[1,null,3]", results.getString(1));
            assertEquals("[\"a\"]", results.getString(2));
            assertEquals("[[1],[]]", results.getString(3));
        }
    }

    @Test
    void structs() throws SQLException {
        String sql = "SELECT named_struct('name', 'a', 'n', 1, 'list', [1, 2])";
        try (Statement statement = connection.createStatement();
                ResultSet results = statement.executeQuery(sql)) {
            assertTrue(results.next());
            Map<?, ?> struct = (Map<?, ?>) results.getObject(1);
            assertEquals(1L, struct.get("n"));
            assertEquals("{\"name\":\"a\",\"n\":1,\"list\":[1,2]}", results.getString(1));
        }
    }

    @Test
    void maps() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet results = statement.executeQuery("SELECT map(['a', 'b'], [1, 2])")) {
            assertTrue(results.next());
            Map<?, ?> map = (Map<?, ?>) results.getObject(1);
            assertEquals(2, map.size());
            assertEquals("{\"a\":1,\"b\":2}", results.getString(1));
        }
        String sql = "SELECT \"map\" FROM everything ORDER BY not_null_id";
        try (Statement statement = connection.createStatement();
                ResultSet results = statement.executeQuery(sql)) {
            assertTrue(results.next());
            assertEquals("{\"channel\":\"mail\"}", results.getString(1));
            assertTrue(results.next());
            assertEquals(Map.of(), results.getObject(1));
            assertTrue(results.next());
            assertNull(results.getObject(1));
        }
    }

    @Test
    void everyTypeIsRead() throws SQLException {
        String sql = "SELECT * FROM everything ORDER BY not_null_id";
        try (Statement statement = connection.createStatement();
                ResultSet results = statement.executeQuery(sql)) {
            ResultSetMetaData columns = results.getMetaData();
            for (int row = 1; row <= 3; row++) {
                assertTrue(results.next());
                assertEquals(row, results.getLong("not_null_id"));
                for (int column = 1; column <= columns.getColumnCount(); column++) {
                    String name = columns.getColumnName(column);
                    String text = results.getString(column);
                    assertEquals(text == null, results.wasNull(), name);
                    // The driver has no object for a moment with a zone.
                    if (columns.getColumnType(column) != Types.TIMESTAMP_WITH_TIMEZONE) {
                        assertEquals(text == null, results.getObject(column) == null, name);
                    }
                }
                assertEquals(row == 1 ? "a" : row == 2 ? null : "", results.getString("text"));
            }
        }
    }

    @Test
    void everyTypeAlone() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet results = statement.executeQuery("SELECT * FROM everything LIMIT 0")) {
            ResultSetMetaData columns = results.getMetaData();
            for (int column = 1; column <= columns.getColumnCount(); column++) {
                String name = columns.getColumnName(column);
                assertNotNull(columns.getColumnTypeName(column));
                assertEquals(3, rows("SELECT \"" + name + "\" FROM everything").size(), name);
            }
        }
    }

    @Test
    void whatTheOptimiserKnowsOfAMinimum() throws SQLException {
        assertEquals(
                List.of("1|3|3|null"),
                rows(
                        "SELECT min(not_null_id), max(not_null_id), count(*), max(nothing) "
                                + "FROM everything"));
    }
}
