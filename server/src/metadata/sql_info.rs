//! GetSqlInfo: what the server can do, in the specification's codes.
//!
//! Every standard code is answered, with the type that the specification gives it: JDBC 18.3
//! fails inside tools when one is missing. There are no codes of our own.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_flight::sql::metadata::{SqlInfoData, SqlInfoDataBuilder};
use arrow_flight::sql::{
    SqlInfo as Info, SqlNullOrdering, SqlOuterJoinsSupportLevel, SqlSupportedCaseSensitivity,
    SqlSupportedGroupBy, SqlSupportedResultSetConcurrency, SqlSupportedResultSetType,
    SqlSupportedSubqueries, SqlSupportedTransaction, SqlSupportedUnions,
    SqlTransactionIsolationLevel, SupportedSqlGrammar,
};
use cohortql_engine::{Session, SubstraitPlan};
use cohortql_protocol::{Types, wire_schema};
use datafusion::sql::sqlparser::keywords::ALL_KEYWORDS;

use super::pattern::ESCAPE;
use super::{conversions, functions};
use crate::error::ServerError;
use crate::serve::ServeOptions;

/// `0` stands for "no limit, or not known".
const NO_LIMIT: i64 = 0;

/// ANSI92_ENTRY_SQL and ANSI92_INTERMEDIATE_SQL.
const ANSI92_LEVELS: i32 = 0b11;

/// The specification's schema. It leaves open what the parts of maps are called; JDBC does not.
pub(super) fn schema() -> SchemaRef {
    wire_schema(SqlInfoDataBuilder::schema(), Types::Plain)
}

/// The codes asked for, or all of them. Codes that nobody defined are left out.
pub(super) fn rows(
    session: &Session,
    options: &ServeOptions,
    codes: &[u32],
) -> Result<RecordBatch, ServerError> {
    let internal = |error: arrow_flight::error::FlightError| {
        ServerError::Internal(format!("SqlInfo cannot be encoded: {error}"))
    };
    let data: SqlInfoData = {
        let mut builder = SqlInfoDataBuilder::new();
        server(&mut builder, options);
        names(&mut builder);
        vocabulary(&mut builder, session);
        grammar(&mut builder);
        limits(&mut builder, options);
        transactions(&mut builder);
        results(&mut builder);
        builder.build().map_err(internal)?
    };
    data.record_batch(codes.iter().copied()).map_err(internal)
}

fn server(builder: &mut SqlInfoDataBuilder, options: &ServeOptions) {
    let idle = i32::try_from(options.prepared_idle.as_millis()).unwrap_or(i32::MAX);
    builder.append(Info::FlightSqlServerName, "CohortQL");
    builder.append(Info::FlightSqlServerVersion, env!("CARGO_PKG_VERSION"));
    builder.append(Info::FlightSqlServerArrowVersion, arrow::ARROW_VERSION);
    builder.append(Info::FlightSqlServerReadOnly, false);
    builder.append(Info::FlightSqlServerSql, true);
    let substrait = SubstraitPlan::version();
    builder.append(Info::FlightSqlServerSubstrait, true);
    builder.append(Info::FlightSqlServerSubstraitMinVersion, substrait.as_str());
    builder.append(Info::FlightSqlServerSubstraitMaxVersion, substrait.as_str());
    builder.append(
        Info::FlightSqlServerTransaction,
        SqlSupportedTransaction::None as i32,
    );
    builder.append(Info::FlightSqlServerCancel, true);
    builder.append(Info::FlightSqlServerBulkIngestion, true);
    builder.append(Info::FlightSqlServerIngestTransactionsSupported, false);
    builder.append(Info::FlightSqlServerStatementTimeout, idle);
    builder.append(Info::FlightSqlServerTransactionTimeout, 0_i32);
}

fn names(builder: &mut SqlInfoDataBuilder) {
    builder.append(Info::SqlDdlCatalog, false);
    builder.append(Info::SqlDdlSchema, true);
    builder.append(Info::SqlDdlTable, true);
    builder.append(
        Info::SqlIdentifierCase,
        SqlSupportedCaseSensitivity::SqlCaseSensitivityLowercase as i32,
    );
    builder.append(Info::SqlIdentifierQuoteChar, "\"");
    // Quoted identifiers are case-sensitive, which the enumeration has no word for.
    builder.append(
        Info::SqlQuotedIdentifierCase,
        SqlSupportedCaseSensitivity::SqlCaseSensitivityUnknown as i32,
    );
    builder.append(Info::SqlAllTablesAreSelectable, true);
    builder.append(
        Info::SqlNullOrdering,
        SqlNullOrdering::SqlNullsSortedHigh as i32,
    );
    builder.append(Info::SqlSearchStringEscape, ESCAPE.to_string().as_str());
    builder.append(Info::SqlExtraNameCharacters, "$@#");
    builder.append(Info::SqlSchemaTerm, "schema");
    builder.append(Info::SqlProcedureTerm, "procedure");
    builder.append(Info::SqlCatalogTerm, "catalog");
    builder.append(Info::SqlCatalogAtStart, true);
    builder.append(Info::SqlSchemasSupportedActions, 0_i32);
    builder.append(Info::SqlCatalogsSupportedActions, 0_i32);
}

fn vocabulary(builder: &mut SqlInfoDataBuilder, session: &Session) {
    let keywords = ALL_KEYWORDS.iter().filter(|word| !word.is_empty());
    let functions = functions::named(session);
    builder.append(
        Info::SqlKeywords,
        keywords
            .map(|word| (*word).to_owned())
            .collect::<Vec<String>>(),
    );
    builder.append(Info::SqlNumericFunctions, functions.numeric);
    builder.append(Info::SqlStringFunctions, functions.string);
    builder.append(Info::SqlSystemFunctions, functions.system);
    builder.append(Info::SqlDatetimeFunctions, functions.datetime);
    builder.append(Info::SqlSupportsConvert, conversions::supported());
}

fn grammar(builder: &mut SqlInfoDataBuilder) {
    let flags = [
        (Info::SqlSupportsColumnAliasing, true),
        (Info::SqlNullPlusNullIsNull, true),
        (Info::SqlSupportsTableCorrelationNames, true),
        (Info::SqlSupportsDifferentTableCorrelationNames, false),
        (Info::SqlSupportsExpressionsInOrderBy, true),
        (Info::SqlSupportsOrderByUnrelated, true),
        (Info::SqlSupportsLikeEscapeClause, true),
        (Info::SqlSupportsNonNullableColumns, true),
        (Info::SqlSupportsIntegrityEnhancementFacility, false),
        (Info::SqlSelectForUpdateSupported, false),
        (Info::SqlStoredProceduresSupported, false),
        (Info::SqlCorrelatedSubqueriesSupported, true),
        (Info::SqlNamedParametersSupported, false),
        (Info::SqlStoredFunctionsUsingCallSyntaxSupported, false),
    ];
    for (info, supported) in flags {
        builder.append(info, supported);
    }
    builder.append(
        Info::SqlSupportedGroupBy,
        bits(&[
            SqlSupportedGroupBy::SqlGroupByUnrelated as i32,
            SqlSupportedGroupBy::SqlGroupByBeyondSelect as i32,
        ]),
    );
    builder.append(
        Info::SqlSupportedGrammar,
        bits(&[
            SupportedSqlGrammar::SqlMinimumGrammar as i32,
            SupportedSqlGrammar::SqlCoreGrammar as i32,
        ]),
    );
    builder.append(Info::SqlAnsi92SupportedLevel, ANSI92_LEVELS);
    builder.append(
        Info::SqlOuterJoinsSupportLevel,
        SqlOuterJoinsSupportLevel::SqlFullOuterJoins as i32,
    );
    builder.append(Info::SqlSupportedPositionedCommands, 0_i32);
    builder.append(
        Info::SqlSupportedSubqueries,
        bits(&[
            SqlSupportedSubqueries::SqlSubqueriesInComparisons as i32,
            SqlSupportedSubqueries::SqlSubqueriesInExists as i32,
            SqlSupportedSubqueries::SqlSubqueriesInIns as i32,
        ]),
    );
    builder.append(
        Info::SqlSupportedUnions,
        bits(&[
            SqlSupportedUnions::SqlUnion as i32,
            SqlSupportedUnions::SqlUnionAll as i32,
        ]),
    );
}

fn limits(builder: &mut SqlInfoDataBuilder, options: &ServeOptions) {
    let limits = [
        Info::SqlMaxBinaryLiteralLength,
        Info::SqlMaxCharLiteralLength,
        Info::SqlMaxColumnNameLength,
        Info::SqlMaxColumnsInGroupBy,
        Info::SqlMaxColumnsInIndex,
        Info::SqlMaxColumnsInOrderBy,
        Info::SqlMaxColumnsInSelect,
        Info::SqlMaxColumnsInTable,
        Info::SqlMaxConnections,
        Info::SqlMaxCursorNameLength,
        Info::SqlMaxIndexLength,
        Info::SqlDbSchemaNameLength,
        Info::SqlMaxProcedureNameLength,
        Info::SqlMaxCatalogNameLength,
        Info::SqlMaxRowSize,
        Info::SqlMaxTableNameLength,
        Info::SqlMaxTablesInSelect,
        Info::SqlMaxUsernameLength,
    ];
    for limit in limits {
        builder.append(limit, NO_LIMIT);
    }
    let limits = [
        (Info::SqlMaxStatementLength, options.max_sql_bytes),
        (
            Info::SqlMaxStatements,
            options.max_prepared_statements_per_user,
        ),
    ];
    for (info, limit) in limits {
        builder.append(info, i64::try_from(limit).unwrap_or(NO_LIMIT));
    }
    builder.append(Info::SqlMaxRowSizeIncludesBlobs, true);
}

fn transactions(builder: &mut SqlInfoDataBuilder) {
    let none = SqlTransactionIsolationLevel::SqlTransactionNone as i32;
    // Wider than the specification says: JDBC fails on anything else, and other clients, which
    // read the low half, find the same number there.
    builder.append(Info::SqlDefaultTransactionIsolation, i64::from(none));
    builder.append(Info::SqlTransactionsSupported, false);
    builder.append(Info::SqlSupportedTransactionsIsolationLevels, bits(&[none]));
    builder.append(Info::SqlDataDefinitionCausesTransactionCommit, false);
    builder.append(Info::SqlDataDefinitionsInTransactionsIgnored, false);
    builder.append(Info::SqlSavepointsSupported, false);
}

fn results(builder: &mut SqlInfoDataBuilder) {
    let forward = SqlSupportedResultSetType::SqlResultSetTypeForwardOnly as i32;
    let read_only = SqlSupportedResultSetConcurrency::SqlResultSetConcurrencyReadOnly as i32;
    builder.append(Info::SqlSupportedResultSetTypes, bits(&[forward]));
    builder.append(
        Info::SqlSupportedConcurrenciesForResultSetUnspecified,
        0_i32,
    );
    builder.append(
        Info::SqlSupportedConcurrenciesForResultSetForwardOnly,
        bits(&[read_only]),
    );
    builder.append(
        Info::SqlSupportedConcurrenciesForResultSetScrollSensitive,
        0_i32,
    );
    builder.append(
        Info::SqlSupportedConcurrenciesForResultSetScrollInsensitive,
        0_i32,
    );
    builder.append(Info::SqlBatchUpdatesSupported, true);
    builder.append(Info::SqlLocatorsUpdateCopy, false);
}

/// A mask with the bits of these places set.
fn bits(places: &[i32]) -> i32 {
    places.iter().fold(0, |mask, place| mask | (1 << place))
}
