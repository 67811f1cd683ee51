import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The catalog and the schema of a connection, in its address and while it is open. */
class CatalogTest extends Database {
    private static Connection with(String properties) throws SQLException {
        return DriverManager.getConnection(URL + "&" + properties, new Properties());
    }

    private static List<String> rows(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet results = statement.executeQuery(sql)) {
            return rows(results);
        }
    }

    @Test
    void aCatalogIsSetOnAConnection() throws SQLException {
        connection.setCatalog("cohortql");
        assertEquals("cohortql", connection.getCatalog());
        assertEquals(List.of("2"), rows("SELECT count(*) FROM described"));
    }

    @Test
    void aCatalogIsNamedInTheAddress() throws SQLException {
        Connection named = with("catalog=cohortql");
        assertEquals(List.of("2"), rows(named, "SELECT count(*) FROM described"));
        closeTwice(named);
    }

    /** With a catalog in its address, driver 18.3.0 closes a session again that it has closed. */
    static void closeTwice(Connection connection) {
        try {
            connection.close();
        } catch (SQLException error) {
            String text = ErrorsTest.chain(error);
            assertTrue(text.contains("Channel shutdown invoked"), text);
        }
    }

    @Test
    void aCatalogThatIsNotThere() {
        String text =
                ErrorsTest.chain(
                        assertThrows(SQLException.class, () -> with("catalog=nowhere").close()));
        assertTrue(text.contains("catalog"), text);
    }

    @Test
    void aSchemaIsNamedInTheAddress() throws SQLException {
        String schema = "s_" + UUID.randomUUID().toString().replace("-", "");
        change("CREATE SCHEMA " + schema);
        try {
            change("CREATE TABLE " + schema + ".described AS VALUES (7)");
            try (Connection named = with("schema=" + schema)) {
                assertEquals(List.of("7"), rows(named, "SELECT * FROM described"));
                assertEquals(List.of("2"), rows(named, "SELECT count(*) FROM public.described"));
            }
            assertEquals(List.of("2"), rows("SELECT count(*) FROM described"));
        } finally {
            change("DROP SCHEMA " + schema + " CASCADE");
        }
    }

    @Test
    void aSchemaThatIsNotThere() throws SQLException {
        try (Connection named = with("schema=nowhere")) {
            String text =
                    ErrorsTest.chain(
                            assertThrows(SQLException.class, () -> rows(named, "SELECT 1")));
            assertTrue(text.contains("schema \"nowhere\" does not exist"), text);
        }
    }
}
