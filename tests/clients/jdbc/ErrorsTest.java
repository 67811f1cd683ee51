import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What goes wrong is told in the server's words, and the connection lives on. */
class ErrorsTest extends Database {
    /** What the error of a query says. */
    private String refused(String sql) {
        // The driver passes on what comes in mid-stream as it is.
        String text = chain(assertThrows(Exception.class, () -> rows(sql)));
        assertTrue(text.length() < 16384, "short");
        return text;
    }

    private void says(String expected, String sql) {
        String text = refused(sql);
        assertTrue(text.contains(expected), text);
    }

    @Test
    void inTheServersWords() {
        says("missing", "SELECT * FROM missing");
        says("nope", "SELECT nope FROM described");
        says("SELEC", "SELEC 1");
        says("cast", "SELECT CAST('x' AS INT)");
        says("nofunction", "SELECT nofunction(1)");
    }

    @Test
    void inTheMiddleOfAResult() {
        says(
                "'x'",
                "SELECT CAST(CASE WHEN value = 90000 THEN 'x' ELSE '1' END AS INT) "
                        + "FROM generate_series(1, 100000)");
    }

    @Test
    void aTableTwice() throws SQLException {
        String name = table("id INT");
        SQLException error =
                assertThrows(SQLException.class, () -> change("CREATE TABLE " + name + " (id INT)"));
        assertTrue(chain(error).contains("exists already"), chain(error));
    }

    /** What an error says, its causes included. */
    static String chain(Throwable error) {
        return error == null ? "" : error.getMessage() + "\n" + chain(error.getCause());
    }

    @Test
    void preparingWhatCannotRun() {
        SQLException error =
                assertThrows(
                        SQLException.class,
                        () -> connection.prepareStatement("SELECT * FROM missing").close());
        assertTrue(chain(error).contains("missing"), chain(error));
    }

    @Test
    void aValueThatDoesNotFit() throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT 1 WHERE CAST(? AS INT) = 1")) {
            assertThrows(
                    Exception.class,
                    () -> {
                        statement.setString(1, "one");
                        rows(statement.executeQuery());
                    });
        }
    }

    @Test
    void theConnectionLivesOn() throws SQLException {
        for (int time = 0; time < 20; time++) {
            refused("SELECT * FROM missing");
        }
        assertEquals(List.of("1"), rows("SELECT 1"));
    }
}
