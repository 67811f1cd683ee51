package adbc

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
)

const endless = "SELECT count(*) FROM generate_series(1, 1000000000000) WHERE value % 7 = 3"

func refused(t *testing.T, err error) adbc.Error {
	t.Helper()
	var refusal adbc.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("expected an error of ADBC, got %v", err)
	}
	return refusal
}

func TestEachKindOfErrorHasItsStatus(t *testing.T) {
	connection := connect(t, nil)
	for sql, expected := range map[string]adbc.Status{
		"SELEC 1":                    adbc.StatusInvalidArgument,
		"SELECT * FROM missing":      adbc.StatusNotFound,
		"SELECT nope FROM described": adbc.StatusNotFound,
		"SELECT CAST('x' AS INT)":    adbc.StatusInvalidArgument,
	} {
		_, err := executed(t, statement(t, connection, sql))
		refusal := refused(t, err)
		same(t, sql, refusal.Code, expected)
		if len(refusal.Msg) > 4096 {
			t.Fatalf("%s: %d bytes", sql, len(refusal.Msg))
		}
	}
	if rows := query(t, connection, "SELECT 1"); rows[0] != "1" {
		t.Fatal(rows)
	}
}

func TestATableTwice(t *testing.T) {
	connection := connect(t, nil)
	name := table(t, connection, "id INT")
	_, err := statement(t, connection, "CREATE TABLE "+name+" (id INT)").ExecuteUpdate(patient(t))
	same(t, "status", refused(t, err).Code, adbc.StatusAlreadyExists)
}

func TestAnErrorInTheMiddleOfAResult(t *testing.T) {
	connection := connect(t, nil)
	_, err := executed(t, statement(t, connection,
		"SELECT CAST(CASE WHEN value = 90000 THEN 'x' ELSE '1' END AS INT) "+
			"FROM generate_series(1, 100000)"))
	same(t, "status", refused(t, err).Code, adbc.StatusInvalidArgument)
}

func TestAContextThatIsCancelledEndsTheQuery(t *testing.T) {
	connection := connect(t, nil)
	ctx, cancel := context.WithCancel(patient(t))
	sql := "SELECT value FROM generate_series(1, 1000000000000)"
	reader, _, err := statement(t, connection, sql).ExecuteQuery(ctx)
	check(t, err)
	same(t, "a first batch", reader.Next(), true)
	cancel()
	_, err = drained(reader)
	if err == nil {
		t.Fatal("a cancelled query must end with an error")
	}
	if rows := query(t, connection, "SELECT 1"); rows[0] != "1" {
		t.Fatal(rows)
	}
}

func TestATimeoutOfTheClient(t *testing.T) {
	connection := connect(t, map[string]string{flightsql.OptionTimeoutFetch: "0.5"})
	begun := time.Now()
	_, err := executed(t, statement(t, connection, endless))
	same(t, "status", refused(t, err).Code, adbc.StatusTimeout)
	if time.Since(begun) > patience/2 {
		t.Fatal("the timeout came late")
	}
}

func TestTransactionsAreRefused(t *testing.T) {
	options := connect(t, nil).(adbc.PostInitOptions)
	err := options.SetOption(adbc.OptionKeyAutoCommit, adbc.OptionValueDisabled)
	same(t, "status", refused(t, err).Code, adbc.StatusNotImplemented)
}
