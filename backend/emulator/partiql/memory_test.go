package partiql_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/hashchain/ion"
)

// memory is a small ledger in memory: a Catalog, a Source and a Sink. Every
// statement is a transaction of its own, one second after the one before.
type memory struct {
	tables  []*memTable
	version uint64
	seq     int64
	now     time.Time
	nextID  int
	// noIndexes hides all indexes from the planner.
	noIndexes bool
	pending   []func()
	lookups   []string // what the last statement asked for
}

type memTable struct {
	partiql.TableInfo
	indexIDs []string
	dropped  bool
	docs     []*memDoc
}

type memDoc struct {
	key  partiql.RowKey
	revs []memRev
}

type memRev struct {
	data ion.Value // zero for a deletion
	time ion.Timestamp
	seq  int64
}

func newMemory() *memory {
	return &memory{now: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)}
}

func (m *memory) id() (partiql.RowKey, string) {
	m.nextID++
	var k partiql.RowKey
	binary.BigEndian.PutUint64(k[8:], uint64(m.nextID))
	return k, m.DocID(k)
}

func (m *memory) DocID(k partiql.RowKey) string {
	return fmt.Sprintf("%022d", binary.BigEndian.Uint64(k[8:]))
}

func (m *memory) TxID() string       { return fmt.Sprintf("tx%020d", m.seq) }
func (m *memory) Now() ion.Timestamp { return ion.NewTimestamp(m.now) }
func (m *memory) Version() uint64    { return m.version }

func (m *memory) Table(name string) (partiql.TableInfo, bool) {
	if t := m.active(name); t != nil {
		info := t.TableInfo
		if m.noIndexes {
			info.Indexes = nil
		}
		return info, true
	}
	return partiql.TableInfo{}, false
}

func (m *memory) active(name string) *memTable {
	for _, t := range m.tables {
		if t.Name == name && !t.dropped {
			return t
		}
	}
	return nil
}

func (m *memory) byID(id string) *memTable {
	for _, t := range m.tables {
		if t.ID == id {
			return t
		}
	}
	return nil
}

func (m *memory) doc(t *partiql.TableInfo, k partiql.RowKey) *memDoc {
	for _, d := range m.byID(t.ID).docs {
		if d.key == k {
			return d
		}
	}
	return nil
}

func (m *memory) row(d *memDoc, n int, view partiql.View) *partiql.Row {
	r := d.revs[n]
	if view == partiql.User {
		return &partiql.Row{Key: d.key, Value: r.data, Stream: r.data.Encode()}
	}
	w := ion.NewWriter()
	w.BeginStruct()
	w.Field("blockAddress").BeginStruct()
	w.Field("strandId").String("strand")
	w.Field("sequenceNo").Int(r.seq)
	w.End()
	w.Field("hash").Blob([]byte{1})
	if !r.data.IsZero() {
		w.Field("data").Value(r.data)
	}
	w.Field("metadata").BeginStruct()
	w.Field("id").String(m.DocID(d.key))
	w.Field("version").Int(int64(n))
	w.Field("txTime").Timestamp(r.time)
	w.Field("txId").String(fmt.Sprintf("tx%020d", r.seq))
	w.End()
	w.End()
	v, err := w.Build()
	if err != nil {
		panic(err)
	}
	return &partiql.Row{Key: d.key, Value: v}
}

func (m *memory) each(t *partiql.TableInfo, view partiql.View, pick func(*memDoc) bool, yield func(*partiql.Row) error) error {
	for _, d := range m.byID(t.ID).docs {
		last := len(d.revs) - 1
		if d.revs[last].data.IsZero() || !pick(d) {
			continue
		}
		if err := yield(m.row(d, last, view)); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Scan(_ context.Context, t *partiql.TableInfo, view partiql.View, yield func(*partiql.Row) error) error {
	m.lookups = append(m.lookups, "scan "+t.Name)
	return m.each(t, view, func(*memDoc) bool { return true }, yield)
}

func (m *memory) ByID(_ context.Context, t *partiql.TableInfo, view partiql.View, id string, yield func(*partiql.Row) error) error {
	m.lookups = append(m.lookups, "id "+t.Name)
	return m.each(t, view, func(d *memDoc) bool { return m.DocID(d.key) == id }, yield)
}

func (m *memory) ByIndex(_ context.Context, t *partiql.TableInfo, view partiql.View, field string, key ion.Value, yield func(*partiql.Row) error) error {
	m.lookups = append(m.lookups, "index "+t.Name+"."+field)
	if !slices.Contains(t.Indexes, field) || key.IsNull() || key.IsZero() {
		return errors.New("ByIndex called against its contract")
	}
	want := ion.AppendIndexKey(nil, key)
	return m.each(t, view, func(d *memDoc) bool {
		v, ok := d.revs[len(d.revs)-1].data.Field(field)
		return ok && bytes.Equal(ion.AppendIndexKey(nil, v), want)
	}, yield)
}

func (m *memory) History(_ context.Context, table string, start, end *ion.Timestamp, id string, yield func(*partiql.Row) error) error {
	t := m.byID(table)
	if t == nil {
		return partiql.ErrUnknownTable
	}
	what := "history "
	if id != "" {
		what = "history by id "
	}
	m.lookups = append(m.lookups, what+t.Name)
	for _, d := range t.docs {
		if id != "" && m.DocID(d.key) != id {
			continue
		}
		for i, r := range d.revs {
			if end != nil && r.time.Compare(*end) > 0 {
				continue
			}
			if start != nil && i+1 < len(d.revs) && d.revs[i+1].time.Compare(*start) <= 0 {
				continue
			}
			if err := yield(m.row(d, i, partiql.Committed)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memory) UserTables(_ context.Context, yield func(ion.Value) error) error {
	m.lookups = append(m.lookups, "catalog")
	for _, t := range m.tables {
		w := ion.NewWriter()
		w.BeginStruct()
		w.Field("tableId").String(t.ID)
		w.Field("name").String(t.Name)
		w.Field("indexes").BeginList()
		for i, f := range t.Indexes {
			w.BeginStruct()
			w.Field("indexId").String(t.indexIDs[i])
			w.Field("expr").String("[" + f + "]")
			w.Field("status").String("ONLINE")
			w.End()
		}
		w.End()
		w.Field("status").String(map[bool]string{false: "ACTIVE", true: "INACTIVE"}[t.dropped])
		w.End()
		v, err := w.Build()
		if err != nil {
			return err
		}
		if err := yield(v); err != nil {
			return err
		}
	}
	return nil
}

// later keeps an effect until the statement has succeeded.
func (m *memory) later(f func()) { m.pending = append(m.pending, f) }

func (m *memory) revise(d *memDoc, data ion.Value) {
	d.revs = append(d.revs, memRev{data: data, time: m.Now(), seq: m.seq})
}

func (m *memory) Insert(t *partiql.TableInfo, doc ion.Value) (string, error) {
	key, id := m.id()
	table := m.byID(t.ID)
	m.later(func() {
		d := &memDoc{key: key}
		m.revise(d, doc.Clone())
		table.docs = append(table.docs, d)
	})
	return id, nil
}

func (m *memory) Touch(*partiql.TableInfo, partiql.RowKey) error { return nil }

func (m *memory) Replace(t *partiql.TableInfo, k partiql.RowKey, doc ion.Value, _ int) error {
	d := m.doc(t, k)
	m.later(func() { m.revise(d, doc.Clone()) })
	return nil
}

func (m *memory) Delete(t *partiql.TableInfo, k partiql.RowKey) error {
	d := m.doc(t, k)
	m.later(func() { m.revise(d, ion.Value{}) })
	return nil
}

func stateError(format string, args ...any) error {
	return &partiql.Error{Code: partiql.CodeState, Text: fmt.Sprintf(format, args...)}
}

func (m *memory) CreateTable(name string, _ ion.Value) (string, error) {
	if m.active(name) != nil {
		return "", stateError("Table with name: USER.%s already exists", name)
	}
	_, id := m.id()
	m.later(func() { m.tables = append(m.tables, &memTable{TableInfo: partiql.TableInfo{ID: id, Name: name}}) })
	return id, nil
}

func (m *memory) DropTable(name string) (string, error) {
	t := m.active(name)
	if t == nil {
		return "", stateError("Table with name: USER.%s does not exist", name)
	}
	m.later(func() { t.dropped = true })
	return t.ID, nil
}

func (m *memory) UndropTable(id string) (string, error) {
	t := m.byID(id)
	if t == nil || !t.dropped || m.active(t.Name) != nil {
		return "", stateError("Table with id: %s cannot be undropped", id)
	}
	m.later(func() { t.dropped = false })
	return t.ID, nil
}

func (m *memory) CreateIndex(table, field string) (string, error) {
	t := m.active(table)
	if t == nil {
		return "", stateError("Table with name: USER.%s does not exist", table)
	}
	if slices.Contains(t.Indexes, field) {
		return "", stateError("Index on [%s] already exists", field)
	}
	_, id := m.id()
	m.later(func() {
		t.Indexes = append(slices.Clone(t.Indexes), field)
		t.indexIDs = append(t.indexIDs, id)
	})
	return t.ID, nil
}

func (m *memory) DropIndex(id, table string) (string, error) {
	t := m.active(table)
	if t == nil || !slices.Contains(t.indexIDs, id) {
		return "", stateError("Index %s does not exist", id)
	}
	i := slices.Index(t.indexIDs, id)
	m.later(func() {
		t.Indexes = slices.Delete(slices.Clone(t.Indexes), i, i+1)
		t.indexIDs = slices.Delete(t.indexIDs, i, i+1)
	})
	return t.ID, nil
}

func (m *memory) Redact(r partiql.Redaction) (ion.Value, error) {
	return ion.ParseText(fmt.Sprintf("{blockAddress:{strandId:%q,sequenceNo:%d},tableId:%q,documentId:%q,version:0}", r.StrandID, r.SequenceNo, r.TableID, r.DocID))
}

// result is what a statement gave.
type result struct {
	rows []ion.Value
	ios  int64
}

// run executes one statement as a transaction.
func (m *memory) run(ctx context.Context, text string, params ...ion.Value) (result, error) {
	return m.runWith(ctx, partiql.Options{}, partiql.Limits{}, text, params...)
}

func (m *memory) runWith(ctx context.Context, o partiql.Options, lim partiql.Limits, text string, params ...ion.Value) (result, error) {
	m.now = m.now.Add(time.Second)
	m.seq++
	m.pending, m.lookups = nil, nil
	var res result
	stmt, err := partiql.Parse(text)
	if err != nil {
		return res, err
	}
	plan, err := partiql.Prepare(stmt, m, o)
	if err != nil {
		return res, err
	}
	rows, err := plan.Run(ctx, m, m, params, lim)
	if err != nil {
		return res, err
	}
	err = rows.Each(func(r partiql.Result) error {
		v := r.Value
		if r.Stream != nil {
			s, err := ion.Parse(r.Stream)
			if err != nil {
				return err
			}
			if !ion.Identical(s, v) {
				return fmt.Errorf("the row %s has the stream of %s", v, s)
			}
		}
		res.rows = append(res.rows, v.Clone())
		return nil
	})
	res.ios = rows.ReadIOs()
	if err != nil {
		return res, err
	}
	for _, f := range m.pending {
		f()
	}
	if len(m.pending) > 0 {
		m.version++
	}
	return res, nil
}

// must executes statements; each has its expected rows behind ==> , if it
// has any. {id} stands for the id of the document inserted last.
func must(t *testing.T, m *memory, lines ...string) {
	t.Helper()
	lastID := ""
	for _, l := range lines {
		text, want, check := strings.Cut(l, " ==> ")
		text = strings.ReplaceAll(text, "{id}", lastID)
		text, list, _ := strings.Cut(text, "%%")
		var params []ion.Value
		if list != "" {
			v, err := ion.ParseText(list)
			if err != nil {
				t.Fatal(l, err)
			}
			for p := range v.Elements() {
				params = append(params, p)
			}
		}
		res, err := m.run(context.Background(), text, params...)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var rows []string
		for _, r := range res.rows {
			rows = append(rows, r.String())
			if id, ok := r.Path("documentId"); ok && strings.HasPrefix(strings.ToUpper(text), "INSERT") {
				lastID, _ = id.Text()
			}
		}
		got := strings.Join(rows, " ")
		want = strings.ReplaceAll(want, "{id}", lastID)
		if check && got != strings.TrimSpace(want) {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}
