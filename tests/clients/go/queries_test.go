package adbc

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

func TestValuesOfManyTypes(t *testing.T) {
	connection := connect(t, nil)
	rows := query(t, connection, "SELECT 1, 'ž😀', 1.5, true, NULL, DATE '2024-02-29'")
	same(t, "rows", rows[0], "1|ž😀|1.5|true|(null)|2024-02-29")
}

func TestEveryTypeArrives(t *testing.T) {
	connection := connect(t, nil)
	reader, _, err := statement(t, connection, "SELECT * FROM everything").ExecuteQuery(patient(t))
	check(t, err)
	schema := reader.Schema()
	rows := must(drained(reader))(t)
	same(t, "rows", len(rows), 3)
	for _, field := range schema.Fields() {
		name := fmt.Sprintf("SELECT \"%s\" FROM everything", field.Name)
		same(t, field.Name, len(query(t, connection, name)), 3)
	}
}

func TestTheSchemaBeforeTheRows(t *testing.T) {
	connection := connect(t, nil)
	asked := statement(t, connection, "SELECT id, amount FROM described")
	schema := must(asked.(adbc.StatementExecuteSchema).ExecuteSchema(patient(t)))(t)
	same(t, "columns", schema.NumFields(), 2)
	same(t, "nullable", schema.Field(0).Nullable, false)
	same(t, "type", schema.Field(1).Type.ID(), arrow.DECIMAL128)
}

func TestAMillionRows(t *testing.T) {
	connection := connect(t, nil)
	sql := "SELECT value FROM generate_series(1, 1000000)"
	reader, _, err := statement(t, connection, sql).ExecuteQuery(patient(t))
	check(t, err)
	defer reader.Release()
	var sum int64
	for reader.Next() {
		for _, value := range reader.RecordBatch().Column(0).(*array.Int64).Int64Values() {
			sum += value
		}
	}
	check(t, reader.Err())
	same(t, "sum", sum, 500_000_500_000)
}

func TestPartitionsAreReadOneByOne(t *testing.T) {
	connection := connect(t, nil)
	sql := "SELECT value FROM generate_series(1, 1000)"
	schema, partitions, _, err := statement(t, connection, sql).ExecutePartitions(patient(t))
	check(t, err)
	same(t, "columns", schema.NumFields(), 1)
	same(t, "partitions", partitions.NumPartitions, 1)
	reader, err := connection.ReadPartition(patient(t), partitions.PartitionIDs[0])
	check(t, err)
	same(t, "rows", len(must(drained(reader))(t)), 1000)
}

func TestParameters(t *testing.T) {
	connection := connect(t, nil)
	prepared := statement(t, connection, "SELECT CAST(? AS BIGINT) + 1, ?")
	check(t, prepared.Prepare(patient(t)))
	parameters := must(prepared.GetParameterSchema())(t)
	same(t, "parameters", parameters.NumFields(), 2)
	same(t, "type", parameters.Field(0).Type.ID(), arrow.INT64)
	fields := []arrow.Field{
		{Name: "a", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "b", Type: arrow.BinaryTypes.String, Nullable: true},
	}
	for number := range int64(5) {
		check(t, prepared.Bind(patient(t), batch(fields, func(builder *array.RecordBuilder) {
			builder.Field(0).(*array.Int64Builder).Append(number)
			builder.Field(1).(*array.StringBuilder).AppendNull()
		})))
		rows := must(executed(t, prepared))(t)
		same(t, "rows", rows[0], fmt.Sprintf("%d|(null)", number+1))
	}
}

func TestManyRowsOfParameters(t *testing.T) {
	connection := connect(t, nil)
	name := table(t, connection, "id BIGINT, label VARCHAR")
	insert := statement(t, connection, fmt.Sprintf("INSERT INTO %s VALUES (?, ?)", name))
	check(t, insert.Prepare(patient(t)))
	fields := []arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
		{Name: "label", Type: arrow.BinaryTypes.String, Nullable: true},
	}
	check(t, insert.Bind(patient(t), batch(fields, func(builder *array.RecordBuilder) {
		builder.Field(0).(*array.Int32Builder).AppendValues([]int32{1, 2, 3}, nil)
		builder.Field(1).(*array.StringBuilder).AppendValues(
			[]string{"a", "", "c"}, []bool{true, false, true})
	})))
	same(t, "affected", must(insert.ExecuteUpdate(patient(t)))(t), 3)
	rows := query(t, connection, "SELECT * FROM "+name+" ORDER BY id")
	if !slices.Equal(rows, []string{"1|a", "2|(null)", "3|c"}) {
		t.Fatal(rows)
	}
}

func TestManyAtOnce(t *testing.T) {
	connection := connect(t, nil)
	var waiting sync.WaitGroup
	failures := make(chan error, 16)
	for number := range 16 {
		waiting.Go(func() {
			failures <- ask(connection, number)
		})
	}
	waiting.Wait()
	close(failures)
	for err := range failures {
		check(t, err)
	}
}

// ask runs twenty queries on a connection that others use too.
func ask(connection adbc.Connection, number int) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for range 20 {
		statement, err := connection.NewStatement()
		if err != nil {
			return err
		}
		if err := statement.SetSqlQuery(fmt.Sprintf("SELECT %d", number)); err != nil {
			return err
		}
		reader, _, err := statement.ExecuteQuery(ctx)
		if err != nil {
			return err
		}
		rows, err := drained(reader)
		if err != nil {
			return err
		}
		if !slices.Equal(rows, []string{fmt.Sprint(number)}) {
			return fmt.Errorf("thread %d got %v", number, rows)
		}
		if err := statement.Close(); err != nil {
			return err
		}
	}
	return nil
}
