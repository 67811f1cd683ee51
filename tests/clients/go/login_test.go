package adbc

import (
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
)

// The server that COHORTQL_GUARDED names has a certificate of the authority in COHORTQL_CA. The
// user COHORTQL_USER, with password and token, may read the table "seen", which has the row 1.

// guarded is the options for that server, with those given.
func guarded(t *testing.T, options map[string]string) map[string]string {
	t.Helper()
	settings := map[string]string{
		adbc.OptionKeyURI:            os.Getenv("COHORTQL_GUARDED"),
		flightsql.OptionSSLRootCerts: string(must(os.ReadFile(os.Getenv("COHORTQL_CA")))(t)),
	}
	for key, value := range options {
		settings[key] = value
	}
	return settings
}

func byPassword(user, password string) map[string]string {
	return map[string]string{adbc.OptionKeyUsername: user, adbc.OptionKeyPassword: password}
}

func byHeader(value string) map[string]string {
	return map[string]string{flightsql.OptionAuthorizationHeader: value}
}

func ada() map[string]string {
	return byPassword(os.Getenv("COHORTQL_USER"), os.Getenv("COHORTQL_PASSWORD"))
}

func TestLogins(t *testing.T) {
	user, token := os.Getenv("COHORTQL_USER"), os.Getenv("COHORTQL_TOKEN")
	for name, login := range map[string]map[string]string{
		"user and password":       ada(),
		"a token":                 byHeader("Bearer " + token),
		"a token as the password": byPassword(user, token),
	} {
		t.Run(name, func(t *testing.T) {
			connection := connect(t, guarded(t, login))
			for range 100 {
				rows := query(t, connection, "SELECT * FROM seen")
				same(t, "rows", strings.Join(rows, ","), "1")
			}
		})
	}
}

// turnedAway is why a server does not answer, whether it says so at once or when it is asked.
func turnedAway(t *testing.T, options map[string]string) adbc.Error {
	t.Helper()
	connection, err := opened(t, options)
	if err == nil {
		_, err = executed(t, statement(t, connection, "SELECT 1"))
	}
	return refused(t, err)
}

func TestLoginsThatAreWrong(t *testing.T) {
	user, password := os.Getenv("COHORTQL_USER"), os.Getenv("COHORTQL_PASSWORD")
	wrong := "the user name or the password is wrong"
	for _, trial := range []struct {
		login    map[string]string
		expected string
	}{
		{byPassword(user, "wrong"), wrong},
		{byPassword("nobody", password), wrong},
		{byHeader("Bearer wrong"), "token"},
		{nil, "asks for a login"},
	} {
		refusal := turnedAway(t, guarded(t, trial.login))
		same(t, trial.expected, refusal.Code, adbc.StatusUnauthenticated)
		if !strings.Contains(refusal.Msg, trial.expected) {
			t.Fatalf("expected %q, got %q", trial.expected, refusal.Msg)
		}
	}
}

func TestAServerThatIsNotBelieved(t *testing.T) {
	options := guarded(t, ada())
	delete(options, flightsql.OptionSSLRootCerts)
	refusal := turnedAway(t, options)
	if !strings.Contains(refusal.Msg, "certificate") {
		t.Fatal(refusal.Msg)
	}
}

func TestRightsCount(t *testing.T) {
	connection := connect(t, guarded(t, ada()))
	_, err := statement(t, connection, "CREATE TABLE t (a INT)").ExecuteUpdate(patient(t))
	same(t, "status", refused(t, err).Code, adbc.StatusUnauthorized)
	_, err = executed(t, statement(t, connection, "SELECT * FROM hidden"))
	same(t, "status", refused(t, err).Code, adbc.StatusNotFound)
}
