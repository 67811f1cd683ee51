// Package adbc tests a server with the ADBC Flight SQL driver for Go.
//
// COHORTQL_URI says where the server is; the Rust test flight::adbc starts one with a table
// "everything" of all column types and a table "described" of plain ones, and another one with
// users, of which login_test.go tells.
package adbc

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// patience is longer than anything here takes.
const patience = time.Minute

// must passes a value on, or ends the test.
func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same[T comparable](t *testing.T, what string, got, expected T) {
	t.Helper()
	if got != expected {
		t.Fatalf("%s: expected %v, got %v", what, expected, got)
	}
}

// patient is a context that ends a test which waits in vain.
func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// connect opens a connection for one test.
func connect(t *testing.T, options map[string]string) adbc.Connection {
	t.Helper()
	return must(opened(t, options))(t)
}

// opened is a connection for one test, if there can be one.
func opened(t *testing.T, options map[string]string) (adbc.Connection, error) {
	t.Helper()
	settings := map[string]string{adbc.OptionKeyURI: os.Getenv("COHORTQL_URI")}
	for key, value := range options {
		settings[key] = value
	}
	driver := flightsql.NewDriver(memory.DefaultAllocator)
	database := must(driver.NewDatabase(settings))(t)
	t.Cleanup(func() { _ = database.Close() })
	connection, err := database.Open(patient(t))
	if err == nil {
		t.Cleanup(func() { _ = connection.Close() })
	}
	return connection, err
}

func statement(t *testing.T, connection adbc.Connection, sql string) adbc.Statement {
	t.Helper()
	statement := must(connection.NewStatement())(t)
	t.Cleanup(func() { _ = statement.Close() })
	check(t, statement.SetSqlQuery(sql))
	return statement
}

// drained reads a result to its end: its rows as text, cells joined by a bar.
func drained(reader array.RecordReader) ([]string, error) {
	defer reader.Release()
	var rows []string
	for reader.Next() {
		batch := reader.RecordBatch()
		for row := range int(batch.NumRows()) {
			text := ""
			for column := range int(batch.NumCols()) {
				if column > 0 {
					text += "|"
				}
				text += batch.Column(column).ValueStr(row)
			}
			rows = append(rows, text)
		}
	}
	return rows, reader.Err()
}

func executed(t *testing.T, statement adbc.Statement) ([]string, error) {
	t.Helper()
	reader, _, err := statement.ExecuteQuery(patient(t))
	if err != nil {
		return nil, err
	}
	return drained(reader)
}

func query(t *testing.T, connection adbc.Connection, sql string) []string {
	t.Helper()
	return must(executed(t, statement(t, connection, sql)))(t)
}

func change(t *testing.T, connection adbc.Connection, sql string) int64 {
	t.Helper()
	return must(statement(t, connection, sql).ExecuteUpdate(patient(t)))(t)
}

// table makes a table that no other test uses and that goes with the test.
func table(t *testing.T, connection adbc.Connection, columns string) string {
	t.Helper()
	name := fmt.Sprintf("go_%d", time.Now().UnixNano())
	change(t, connection, fmt.Sprintf("CREATE TABLE %s (%s)", name, columns))
	t.Cleanup(func() { change(t, connection, "DROP TABLE IF EXISTS "+name) })
	return name
}

// batch is one row of values.
func batch(fields []arrow.Field, build func(*array.RecordBuilder)) arrow.RecordBatch {
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer builder.Release()
	build(builder)
	return builder.NewRecordBatch()
}
