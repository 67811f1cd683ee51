import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * A connection of its own for each test, to the server that {@code COHORTQL_JDBC_URL} names.
 *
 * <p>The Rust test {@code flight::jdbc} starts one with a table {@code everything} of all column
 * types and a table {@code described} of plain columns, one with a comment.
 */
abstract class Database {
    static final String URL = System.getenv("COHORTQL_JDBC_URL");

    Connection connection;
    private final List<String> tables = new ArrayList<>();

    static Connection connect() throws SQLException {
        return DriverManager.getConnection(URL, new Properties());
    }

    @BeforeEach
    final void open() throws SQLException {
        connection = connect();
    }

    @AfterEach
    final void close() throws SQLException {
        connection.close();
        if (tables.isEmpty()) {
            return;
        }
        try (Connection cleaning = connect();
                Statement statement = cleaning.createStatement()) {
            for (String table : tables) {
                statement.executeUpdate("DROP TABLE IF EXISTS " + table);
            }
        }
    }

    /** A table that no other test uses, dropped after the test. */
    final String table(String columns) throws SQLException {
        String name = "t_" + UUID.randomUUID().toString().replace("-", "");
        tables.add(name);
        change("CREATE TABLE " + name + " (" + columns + ")");
        return name;
    }

    final long change(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return statement.executeLargeUpdate(sql);
        }
    }

    /** The rows of a query as text, cells joined by a bar. */
    final List<String> rows(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet results = statement.executeQuery(sql)) {
            return rows(results);
        }
    }

    static List<String> rows(ResultSet results) throws SQLException {
        int columns = results.getMetaData().getColumnCount();
        List<String> rows = new ArrayList<>();
        while (results.next()) {
            StringBuilder row = new StringBuilder();
            for (int column = 1; column <= columns; column++) {
                row.append(column == 1 ? "" : "|").append(results.getString(column));
            }
            rows.add(row.toString());
        }
        return rows;
    }

    /** One column of a result, as text. */
    static List<String> column(ResultSet results, String name) throws SQLException {
        List<String> values = new ArrayList<>();
        try (results) {
            while (results.next()) {
                values.add(results.getString(name));
            }
        }
        return values;
    }
}
