package adbc

import (
	"strings"
	"testing"

	"github.com/apache/arrow-adbc/go/adbc"
)

// ownSchema makes a schema with a table "described" of one row, 7.
func ownSchema(t *testing.T, connection adbc.Connection) string {
	t.Helper()
	name := "s_" + table(t, connection, "id INT")
	change(t, connection, "CREATE SCHEMA "+name)
	t.Cleanup(func() { change(t, connection, "DROP SCHEMA "+name+" CASCADE") })
	change(t, connection, "CREATE TABLE "+name+".described AS VALUES (7)")
	return name
}

func options(connection adbc.Connection) adbc.GetSetOptions {
	return connection.(adbc.GetSetOptions)
}

func TestTheSchemaOfAConnection(t *testing.T) {
	name := ownSchema(t, connect(t, nil))
	connection := connect(t, nil)
	got := must(options(connection).GetOption(adbc.OptionKeyCurrentDbSchema))(t)
	same(t, "schema", got, "public")
	check(t, options(connection).SetOption(adbc.OptionKeyCurrentDbSchema, name))
	got = must(options(connection).GetOption(adbc.OptionKeyCurrentDbSchema))(t)
	same(t, "schema", got, name)
	same(t, "rows", query(t, connection, "SELECT * FROM described")[0], "7")
	same(t, "rows", query(t, connect(t, nil), "SELECT count(*) FROM described")[0], "2")
}

func TestTheCatalogOfAConnection(t *testing.T) {
	connection := connect(t, nil)
	check(t, options(connection).SetOption(adbc.OptionKeyCurrentCatalog, "cohortql"))
	got := must(options(connection).GetOption(adbc.OptionKeyCurrentCatalog))(t)
	same(t, "catalog", got, "cohortql")
}

func TestNamesThatAreNotThere(t *testing.T) {
	connection := connect(t, nil)
	for _, option := range []string{adbc.OptionKeyCurrentCatalog, adbc.OptionKeyCurrentDbSchema} {
		err := options(connection).SetOption(option, "nowhere")
		if err == nil || !strings.Contains(err.Error(), "(invalid value)") {
			t.Fatal(option, err)
		}
	}
	same(t, "rows", query(t, connection, "SELECT count(*) FROM described")[0], "2")
}
