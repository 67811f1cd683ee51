import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Many threads, on connections of their own and on one that they share. */
class ConcurrencyTest extends Database {
    private static final int THREADS = 16;
    private static final int QUERIES = 20;

    private static void ask(Connection connection, int thread) throws SQLException {
        String sql = "SELECT CAST(? AS BIGINT) * 1000 + value FROM generate_series(1, 3)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int query = 0; query < QUERIES; query++) {
                long base = thread * 1000L;
                statement.setLong(1, thread);
                try (ResultSet results = statement.executeQuery()) {
                    List<String> expected =
                            List.of("" + (base + 1), "" + (base + 2), "" + (base + 3));
                    assertEquals(expected, rows(results));
                }
            }
        }
    }

    private interface Work {
        void of(int thread) throws SQLException;
    }

    private static void all(Work work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                int number = thread;
                running.add(
                        threads.submit(
                                () -> {
                                    work.of(number);
                                    return null;
                                }));
            }
            for (Future<?> one : running) {
                one.get(120, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void connectionsOfTheirOwn() throws Exception {
        all(
                thread -> {
                    try (Connection own = connect()) {
                        ask(own, thread);
                    }
                });
    }

    @Test
    void oneConnection() throws Exception {
        all(thread -> ask(connection, thread));
    }
}
