import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Definitions, changes and batches of them, each run exactly once. */
class ChangesTest extends Database {
    @Test
    void tablesAreMadeFilledAndDropped() throws SQLException {
        String name = table("id BIGINT, label VARCHAR");
        assertEquals(2, change("INSERT INTO " + name + " VALUES (1, 'a'), (2, 'b')"));
        assertEquals(List.of("1|a", "2|b"), rows("SELECT * FROM " + name + " ORDER BY id"));
        assertEquals(1, change("INSERT INTO " + name + " SELECT 3, 'c'"));
        change("DROP TABLE " + name);
        try (ResultSet tables = connection.getMetaData().getTables(null, null, name, null)) {
            assertFalse(tables.next());
        }
    }

    @Test
    void executeTellsChangesFromQueries() throws SQLException {
        String name = table("id BIGINT");
        try (Statement statement = connection.createStatement()) {
            assertFalse(statement.execute("INSERT INTO " + name + " VALUES (1), (2), (3)"));
            assertEquals(3, statement.getUpdateCount());
            assertTrue(statement.execute("SELECT count(*) FROM " + name));
            assertEquals(List.of("3"), rows(statement.getResultSet()));
        }
    }

    @Test
    void preparedChanges() throws SQLException {
        String name = table("id BIGINT, label VARCHAR, amount DOUBLE");
        String sql = "INSERT INTO " + name + " VALUES (?, ?, ?)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int row = 1; row <= 3; row++) {
                statement.setLong(1, row);
                statement.setString(2, row == 2 ? null : "r" + row);
                statement.setDouble(3, row / 2.0);
                assertEquals(1, statement.executeUpdate());
            }
        }
        assertEquals(
                List.of("1|r1|0.5", "2|null|1.0", "3|r3|1.5"),
                rows("SELECT * FROM " + name + " ORDER BY id"));
    }

    @Test
    void batchesOfParameters() throws SQLException {
        String name = table("id BIGINT, label VARCHAR");
        String sql = "INSERT INTO " + name + " VALUES (?, ?)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int row = 1; row <= 250; row++) {
                statement.setLong(1, row);
                if (row % 5 == 0) {
                    statement.setNull(2, Types.VARCHAR);
                } else {
                    statement.setString(2, "r" + row);
                }
                statement.addBatch();
            }
            assertEquals(250, LongStream.of(statement.executeLargeBatch()).sum());
        }
        assertEquals(
                List.of("250|200|31375"),
                rows("SELECT count(*), count(label), sum(id) FROM " + name));
    }

    @Test
    void viewsAndSchemas() throws SQLException {
        String name = table("id BIGINT");
        String schema = "s_" + name;
        change("CREATE SCHEMA " + schema);
        change("CREATE VIEW " + schema + ".v AS SELECT 7 AS seven");
        assertEquals(List.of("7"), rows("SELECT seven FROM " + schema + ".v"));
        assertEquals(
                List.of("v"),
                column(connection.getMetaData().getTables(null, schema, "%", null), "TABLE_NAME"));
        change("DROP VIEW " + schema + ".v");
        change("DROP SCHEMA " + schema);
        assertEquals(
                List.of(),
                column(connection.getMetaData().getSchemas(null, schema), "TABLE_SCHEM"));
    }

    @Test
    void settingsLastForTheConnection() throws SQLException {
        change("SET datafusion.execution.time_zone = 'Asia/Tokyo'");
        assertTrue(rows("SHOW datafusion.execution.time_zone").get(0).endsWith("Asia/Tokyo"));
    }
}
