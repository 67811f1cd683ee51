import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What tools read of DatabaseMetaData to draw their trees and to write their SQL. */
class MetadataTest extends Database {
    private DatabaseMetaData metadata;

    @BeforeEach
    void readMetadata() throws SQLException {
        metadata = connection.getMetaData();
    }

    @Test
    void productAndDriver() throws SQLException {
        assertEquals("CohortQL", metadata.getDatabaseProductName());
        assertFalse(metadata.getDatabaseProductVersion().isEmpty());
        assertTrue(metadata.getDriverName().contains("Flight SQL"));
        assertFalse(metadata.isReadOnly());
    }

    @Test
    void catalogsAndSchemas() throws SQLException {
        assertEquals(List.of("cohortql"), column(metadata.getCatalogs(), "TABLE_CAT"));
        assertTrue(column(metadata.getSchemas(), "TABLE_SCHEM").contains("public"));
        assertEquals(
                List.of("public"),
                column(metadata.getSchemas("cohortql", "publi_"), "TABLE_SCHEM"));
        assertEquals(List.of(), column(metadata.getSchemas("elsewhere", null), "TABLE_SCHEM"));
        assertEquals(List.of(), column(metadata.getSchemas("", null), "TABLE_SCHEM"));
    }

    @Test
    void kindsOfTables() throws SQLException {
        assertEquals(List.of("TABLE", "VIEW"), column(metadata.getTableTypes(), "TABLE_TYPE"));
    }

    @Test
    void tablesByKindAndPattern() throws SQLException {
        String table = table("id BIGINT");
        String view = table + "_view";
        change("CREATE VIEW " + view + " AS SELECT * FROM " + table);
        try {
            assertEquals(List.of(table, view), tables(table + "%"));
            assertEquals(List.of(table), tables(table + "%", "TABLE"));
            assertEquals(List.of(table), tables(table + "%", "BASE TABLE"));
            assertEquals(List.of(view), tables(table + "%", "VIEW"));
            assertEquals(List.of(table, view), tables(table + "%", "TABLE", "VIEW"));
            assertEquals(List.of(), tables(table + "%", "SYSTEM TABLE"));
            String escape = metadata.getSearchStringEscape();
            assertEquals(List.of(table), tables(table.replace("_", escape + "_")));
            assertEquals(List.of(), tables(table.toUpperCase()));
        } finally {
            change("DROP VIEW " + view);
        }
    }

    private List<String> tables(String pattern, String... kinds) throws SQLException {
        String[] asked = kinds.length == 0 ? null : kinds;
        return column(metadata.getTables(null, "public", pattern, asked), "TABLE_NAME");
    }

    @Test
    void allColumnsOfTables() throws SQLException {
        try (ResultSet tables = metadata.getTables("cohortql", null, "described", null)) {
            assertTrue(tables.next());
            assertEquals("cohortql", tables.getString("TABLE_CAT"));
            assertEquals("public", tables.getString("TABLE_SCHEM"));
            assertEquals("described", tables.getString("TABLE_NAME"));
            assertEquals("TABLE", tables.getString("TABLE_TYPE"));
            assertNull(tables.getString("REMARKS"));
            assertFalse(tables.next());
        }
    }

    @Test
    void columnsAreDescribed() throws SQLException {
        try (ResultSet columns = metadata.getColumns(null, null, "described", "%")) {
            described(columns, "id", Types.BIGINT, "BIGINT", 19, 0, "NO", 1);
            described(columns, "amount", Types.DECIMAL, "DECIMAL", 10, 2, "YES", 2);
            assertEquals("what was paid", columns.getString("REMARKS"));
            described(columns, "note", Types.VARCHAR, "VARCHAR", null, null, "YES", 3);
            assertEquals(null, emptyToNull(columns.getString("REMARKS")));
            described(columns, "moment", Types.TIMESTAMP, "TIMESTAMP", 29, 9, "YES", 4);
            described(columns, "ratio", Types.DOUBLE, "DOUBLE", 15, 15, "YES", 5);
            described(columns, "day", Types.DATE, "DATE", 10, 0, "YES", 6);
            described(columns, "flag", Types.BOOLEAN, "BOOLEAN", null, null, "YES", 7);
            assertFalse(columns.next());
        }
    }

    private static void described(
            ResultSet columns,
            String name,
            int type,
            String typeName,
            Integer size,
            Integer digits,
            String nullable,
            int place)
            throws SQLException {
        assertTrue(columns.next(), name);
        assertEquals("described", columns.getString("TABLE_NAME"));
        assertEquals(name, columns.getString("COLUMN_NAME"));
        assertEquals(type, columns.getInt("DATA_TYPE"), name);
        assertEquals(typeName, columns.getString("TYPE_NAME"), name);
        if (size != null) {
            assertEquals(size, columns.getInt("COLUMN_SIZE"), name);
            assertEquals(digits, columns.getInt("DECIMAL_DIGITS"), name);
        }
        assertEquals(nullable, columns.getString("IS_NULLABLE"), name);
        assertEquals(place, columns.getInt("ORDINAL_POSITION"), name);
        assertEquals("NO", columns.getString("IS_AUTOINCREMENT"), name);
    }

    private static String emptyToNull(String text) {
        return text == null || text.isEmpty() ? null : text;
    }

    @Test
    void columnsByPattern() throws SQLException {
        assertEquals(
                List.of("note", "moment"),
                column(metadata.getColumns(null, "public", "descri%", "%o%e%"), "COLUMN_NAME"));
    }

    @Test
    void primaryKeys() throws SQLException {
        String table = table("shop INT NOT NULL, id BIGINT NOT NULL, PRIMARY KEY (shop, id)");
        try (ResultSet keys = metadata.getPrimaryKeys(null, null, table)) {
            assertTrue(keys.next());
            assertEquals("shop", keys.getString("COLUMN_NAME"));
            assertEquals(1, keys.getInt("KEY_SEQ"));
            assertEquals(table + "_pkey", keys.getString("PK_NAME"));
            assertTrue(keys.next());
            assertEquals("id", keys.getString("COLUMN_NAME"));
            assertEquals(2, keys.getInt("KEY_SEQ"));
            assertFalse(keys.next());
        }
    }

    @Test
    void whatIsNotDeclaredIsEmpty() throws SQLException {
        List<ResultSet> empty =
                List.of(
                        metadata.getPrimaryKeys(null, null, "described"),
                        metadata.getImportedKeys(null, null, "described"),
                        metadata.getExportedKeys(null, null, "described"),
                        metadata.getCrossReference(
                                null, null, "described", null, null, "everything"),
                        metadata.getIndexInfo(null, null, "described", false, true),
                        metadata.getProcedures(null, null, "%"),
                        metadata.getProcedureColumns(null, null, "%", "%"),
                        metadata.getColumnPrivileges(null, null, "described", "%"),
                        metadata.getTablePrivileges(null, null, "%"),
                        metadata.getBestRowIdentifier(null, null, "described", 0, true),
                        metadata.getVersionColumns(null, null, "described"),
                        metadata.getUDTs(null, null, "%", null),
                        metadata.getSuperTypes(null, null, "%"),
                        metadata.getSuperTables(null, null, "%"),
                        metadata.getAttributes(null, null, "%", "%"),
                        metadata.getClientInfoProperties(),
                        metadata.getFunctions(null, null, "%"),
                        metadata.getFunctionColumns(null, null, "%", "%"),
                        metadata.getPseudoColumns(null, null, "%", "%"));
        for (ResultSet results : empty) {
            assertEquals(List.of(), rows(results));
            results.close();
        }
    }

    @Test
    void keywordsAndFunctions() throws SQLException {
        assertTrue(words(metadata.getSQLKeywords()).contains("SELECT"));
        assertTrue(words(metadata.getNumericFunctions()).contains("abs"));
        assertTrue(words(metadata.getStringFunctions()).contains("upper"));
        assertTrue(words(metadata.getTimeDateFunctions()).contains("date_trunc"));
        assertTrue(words(metadata.getSystemFunctions()).contains("coalesce"));
    }

    private static List<String> words(String list) {
        return Arrays.asList(list.split(", ?"));
    }

    @Test
    void identifiers() throws SQLException {
        assertEquals("\"", metadata.getIdentifierQuoteString());
        assertEquals("\\", metadata.getSearchStringEscape());
        assertEquals("schema", metadata.getSchemaTerm());
        assertEquals("catalog", metadata.getCatalogTerm());
        assertEquals(".", metadata.getCatalogSeparator());
        assertTrue(metadata.isCatalogAtStart());
    }

    @Test
    void abilities() throws SQLException {
        assertFalse(metadata.supportsTransactions());
        assertEquals(Connection.TRANSACTION_NONE, metadata.getDefaultTransactionIsolation());
        assertFalse(metadata.supportsSavepoints());
        assertTrue(metadata.supportsBatchUpdates());
        assertTrue(metadata.supportsGroupBy());
        assertTrue(metadata.supportsUnionAll());
        assertTrue(metadata.supportsOuterJoins());
        assertTrue(metadata.supportsCorrelatedSubqueries());
        assertTrue(metadata.supportsSubqueriesInExists());
        assertTrue(metadata.supportsColumnAliasing());
        assertTrue(metadata.supportsResultSetType(ResultSet.TYPE_FORWARD_ONLY));
        assertFalse(metadata.supportsResultSetType(ResultSet.TYPE_SCROLL_SENSITIVE));
        assertNotNull(metadata.getConnection());
    }

    @Test
    void conversions() throws SQLException {
        assertTrue(metadata.supportsConvert(Types.INTEGER, Types.VARCHAR));
        assertTrue(metadata.supportsConvert(Types.VARCHAR, Types.DATE));
        assertTrue(metadata.supportsConvert(Types.BIGINT, Types.DECIMAL));
        assertFalse(metadata.supportsConvert(Types.BOOLEAN, Types.DATE));
        assertFalse(metadata.supportsConvert(Types.BLOB, Types.DATE));
    }

    @Test
    void placesOfNames() throws SQLException {
        assertTrue(metadata.supportsSchemasInDataManipulation());
        assertTrue(metadata.supportsCatalogsInDataManipulation());
        assertTrue(metadata.supportsSchemasInTableDefinitions());
        assertTrue(metadata.supportsCatalogsInTableDefinitions());
    }
}
