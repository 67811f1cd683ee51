import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The catalog of a connection. */
class CatalogTest extends Database {
    @Test
    void isSetOnAConnection() throws SQLException {
        connection.setCatalog("cohortql");
        assertEquals("cohortql", connection.getCatalog());
        assertEquals(List.of("2"), rows("SELECT count(*) FROM described"));
    }
}
