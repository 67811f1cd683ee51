import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every method of DatabaseMetaData answers, as generic tools call them all. */
class EveryMetadataMethodTest extends Database {
    /** What the driver's base class says of methods that it does not have. */
    private static final String UNFINISHED = "todo: implement this method";

    /** The methods that no driver on that base class has, whatever the server. */
    private static final Set<String> UNFINISHED_METHODS =
            Set.of(
                    "deletesAreDetected",
                    "insertsAreDetected",
                    "updatesAreDetected",
                    "othersDeletesAreVisible",
                    "othersInsertsAreVisible",
                    "othersUpdatesAreVisible",
                    "ownDeletesAreVisible",
                    "ownInsertsAreVisible",
                    "ownUpdatesAreVisible",
                    "supportsResultSetHoldability");

    @TestFactory
    Stream<DynamicTest> everyMethodAnswers() {
        return Stream.of(DatabaseMetaData.class.getMethods())
                .filter(method -> method.getDeclaringClass() == DatabaseMetaData.class)
                .sorted(Comparator.comparing(Method::toString))
                .map(method -> DynamicTest.dynamicTest(shown(method), () -> call(method)));
    }

    private static String shown(Method method) {
        return method.getName() + List.of(method.getParameterTypes());
    }

    private void call(Method method) throws Throwable {
        Object answer;
        try {
            answer = method.invoke(connection.getMetaData(), arguments(method));
        } catch (InvocationTargetException failure) {
            Throwable cause = failure.getCause();
            if (UNFINISHED_METHODS.contains(method.getName())
                    && UNFINISHED.equals(cause.getMessage())) {
                return;
            }
            throw cause;
        }
        if (answer instanceof ResultSet results) {
            try (results) {
                assertNotNull(rows(results));
            }
        }
    }

    /** Values that ask for everything. */
    private static Object[] arguments(Method method) {
        List<Object> arguments = new ArrayList<>();
        for (Class<?> type : method.getParameterTypes()) {
            if (type == int.class) {
                arguments.add(number(method));
            } else if (type == boolean.class) {
                arguments.add(false);
            } else if (type == String.class) {
                arguments.add(needsName(method) ? "described" : null);
            } else {
                arguments.add(null);
            }
        }
        return arguments.toArray();
    }

    private static int number(Method method) {
        return method.getName().equals("supportsResultSetType")
                        || method.getName().equals("supportsResultSetConcurrency")
                ? ResultSet.TYPE_FORWARD_ONLY
                : 1;
    }

    /** Keys are of one table, which has to be named. */
    private static boolean needsName(Method method) {
        return method.getName().endsWith("Keys") || method.getName().equals("getCrossReference");
    }
}
