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
import org.junit.jupiter.api.Test;

/**
 * Logins over encrypted connections.
 *
 * <p>The server that {@code COHORTQL_GUARDED} names has a certificate of the authority in {@code
 * COHORTQL_CA}. The user {@code COHORTQL_USER}, with password and token, may read the table {@code
 * seen}, which has the row 1, and nothing else.
 */
class LoginTest {
    private static final String USER = System.getenv("COHORTQL_USER");
    private static final String PASSWORD = System.getenv("COHORTQL_PASSWORD");
    private static final String TOKEN = System.getenv("COHORTQL_TOKEN");

    /** Connects with these properties, given as names and values. */
    private static Connection connect(String... properties) throws SQLException {
        Properties given = new Properties();
        for (int at = 0; at < properties.length; at += 2) {
            given.setProperty(properties[at], properties[at + 1]);
        }
        String url = "jdbc:arrow-flight-sql://" + System.getenv("COHORTQL_GUARDED");
        return DriverManager.getConnection(url, given);
    }

    /** Connects to a server that is believed. */
    private static Connection believing(String... properties) throws SQLException {
        String[] all = new String[properties.length + 2];
        System.arraycopy(properties, 0, all, 0, properties.length);
        all[properties.length] = "tlsRootCerts";
        all[properties.length + 1] = System.getenv("COHORTQL_CA");
        return connect(all);
    }

    private static Connection ada() throws SQLException {
        return believing("user", USER, "password", PASSWORD);
    }

    private static List<String> rows(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet results = statement.executeQuery(sql)) {
            return Database.rows(results);
        }
    }

    private static void works(Connection opened) throws SQLException {
        try (Connection connection = opened) {
            assertEquals(List.of("1"), rows(connection, "SELECT * FROM seen"));
        }
    }

    private interface Way {
        Connection in() throws SQLException;
    }

    /** Whether the connection is made lazily or not, nothing is answered; tells why. */
    private static String refused(Way way) {
        SQLException error = assertThrows(SQLException.class, () -> works(way.in()));
        return ErrorsTest.chain(error);
    }

    private static void says(String expected, Way way) {
        String text = refused(way);
        assertTrue(text.contains(expected), text);
    }

    @Test
    void byUserAndPassword() throws SQLException {
        works(ada());
    }

    @Test
    void byToken() throws SQLException {
        works(believing("token", TOKEN));
    }

    @Test
    void byTokenAsThePassword() throws SQLException {
        works(believing("user", USER, "password", TOKEN));
        works(believing("user", "token", "password", TOKEN));
    }

    @Test
    void withoutVerification() throws SQLException {
        works(
                connect(
                        "disableCertificateVerification", "true",
                        "user", USER,
                        "password", PASSWORD));
    }

    @Test
    void whatIsWrong() {
        String wrong = "the user name or the password is wrong";
        says(wrong, () -> believing("user", USER, "password", "wrong"));
        says(wrong, () -> believing("user", "nobody", "password", PASSWORD));
        says("token", () -> believing("token", "wrong"));
        says("asks for a login", () -> believing());
    }

    @Test
    void aServerThatIsNotBelieved() {
        says("certif", () -> connect("user", USER, "password", PASSWORD));
    }

    @Test
    void anEncryptedServerIsNotAskedInPlainText() {
        refused(() -> believing("useEncryption", "false", "user", USER, "password", PASSWORD));
    }

    @Test
    void rightsCount() throws SQLException {
        try (Connection connection = ada()) {
            List<String> tables =
                    Database.column(
                            connection.getMetaData().getTables(null, "public", "%", null),
                            "TABLE_NAME");
            assertEquals(List.of("seen"), tables);
            for (String sql : List.of("CREATE TABLE t (a INT)", "DROP TABLE seen")) {
                try (Statement statement = connection.createStatement()) {
                    SQLException error =
                            assertThrows(SQLException.class, () -> statement.executeUpdate(sql));
                    String text = ErrorsTest.chain(error);
                    assertTrue(text.contains("user \"" + USER + "\" may not"), text);
                }
            }
            assertThrows(SQLException.class, () -> rows(connection, "SELECT * FROM hidden"));
            assertEquals(List.of("1"), rows(connection, "SELECT * FROM seen"));
        }
    }

    @Test
    void manyQueriesOfOneLogin() throws SQLException {
        try (Connection connection = ada()) {
            for (int number = 0; number < 100; number++) {
                assertEquals(
                        List.of(String.valueOf(number)), rows(connection, "SELECT " + number));
            }
        }
    }

    @Test
    void aCatalogOfASession() throws SQLException {
        String[] login = {"user", USER, "password", PASSWORD, "catalog", "cohortql"};
        Connection connection = believing(login);
        assertEquals(List.of("1"), rows(connection, "SELECT * FROM seen"));
        CatalogTest.closeTwice(connection);
    }
}
