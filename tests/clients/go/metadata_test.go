package adbc

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

type column struct {
	Name     string `json:"column_name"`
	Place    int    `json:"ordinal_position"`
	TypeName string `json:"xdbc_type_name"`
}

type object struct {
	Name    string   `json:"table_name"`
	Kind    string   `json:"table_type"`
	Columns []column `json:"table_columns"`
}

type schema struct {
	Name   string   `json:"db_schema_name"`
	Tables []object `json:"db_schema_tables"`
}

type catalog struct {
	Name    string   `json:"catalog_name"`
	Schemas []schema `json:"catalog_db_schemas"`
}

func objects(
	t *testing.T, connection adbc.Connection, depth adbc.ObjectDepth, name *string, kinds []string,
) []catalog {
	t.Helper()
	reader, err := connection.GetObjects(patient(t), depth, nil, nil, name, nil, kinds)
	check(t, err)
	defer reader.Release()
	var catalogs []catalog
	for reader.Next() {
		text, err := reader.RecordBatch().MarshalJSON()
		check(t, err)
		var some []catalog
		check(t, json.Unmarshal(text, &some))
		catalogs = append(catalogs, some...)
	}
	check(t, reader.Err())
	return catalogs
}

func tables(catalogs []catalog) []object {
	var found []object
	for _, catalog := range catalogs {
		for _, schema := range catalog.Schemas {
			found = append(found, schema.Tables...)
		}
	}
	return found
}

func TestObjectsOfEveryDepth(t *testing.T) {
	connection := connect(t, nil)
	catalogs := objects(t, connection, adbc.ObjectDepthCatalogs, nil, nil)
	same(t, "catalog", catalogs[0].Name, "cohortql")
	same(t, "schemas", len(catalogs[0].Schemas), 0)

	schemas := objects(t, connection, adbc.ObjectDepthDBSchemas, nil, nil)[0].Schemas
	if !slices.ContainsFunc(schemas, func(one schema) bool { return one.Name == "public" }) {
		t.Fatal(schemas)
	}

	name := "described"
	found := tables(objects(t, connection, adbc.ObjectDepthTables, &name, nil))
	same(t, "tables", len(found), 1)
	same(t, "kind", found[0].Kind, "TABLE")
	same(t, "columns", len(found[0].Columns), 0)

	found = tables(objects(t, connection, adbc.ObjectDepthColumns, &name, nil))
	amount := found[0].Columns[1]
	same(t, "name", amount.Name, "amount")
	same(t, "place", amount.Place, 2)
	same(t, "type", amount.TypeName, "DECIMAL")
}

func TestObjectsByKind(t *testing.T) {
	connection := connect(t, nil)
	name := "described"
	for kind, expected := range map[string]int{"TABLE": 1, "BASE TABLE": 1, "VIEW": 0} {
		found := tables(objects(t, connection, adbc.ObjectDepthTables, &name, []string{kind}))
		same(t, kind, len(found), expected)
	}
}

func TestTheSchemaOfATable(t *testing.T) {
	connection := connect(t, nil)
	found := must(connection.GetTableSchema(patient(t), nil, nil, "described"))(t)
	same(t, "columns", found.NumFields(), 7)
	same(t, "type", found.Field(0).Type.ID(), arrow.INT64)
	_, err := connection.GetTableSchema(patient(t), nil, nil, "missing")
	if err == nil {
		t.Fatal("a table that is not there has no schema")
	}
}

func TestKindsOfTables(t *testing.T) {
	reader := must(connect(t, nil).GetTableTypes(patient(t)))(t)
	rows := must(drained(reader))(t)
	if !slices.Equal(rows, []string{"TABLE", "VIEW"}) {
		t.Fatal(rows)
	}
}

func TestTheServersName(t *testing.T) {
	codes := []adbc.InfoCode{adbc.InfoVendorName, adbc.InfoVendorVersion}
	reader := must(connect(t, nil).GetInfo(patient(t), codes))(t)
	defer reader.Release()
	found := false
	for reader.Next() {
		values := reader.RecordBatch().Column(1).(*array.DenseUnion)
		for row := range values.Len() {
			found = found || values.GetOneForMarshal(row).([]any)[1] == "CohortQL"
		}
	}
	same(t, "found", found, true)
}
