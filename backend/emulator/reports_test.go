package emulator_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// TestReports holds what users had working on QLDB and missed in another
// emulator. Each is named by the number of its public report; those about the
// control plane and the driver are in the server's tests.
func TestReports(t *testing.T) {
	for _, r := range []struct {
		id   string
		test func(*testing.T, *emulatortest.Ledger)
	}{
		{"2693 an insert returns the document id", report2693},
		{"2739 Ion values come back as they were", report2739},
		{"3109 BY, history and SET of a whole document", report3109},
		{"3148 a parameter replaces a whole document", report3148},
		{"3161 ids have 22 characters", report3161},
		{"3181 a parameter is a value, not text", report3181},
		{"4334 an update with parameters", report4334},
		{"4383 names of tables are single values", report4383},
		{"4399 indexes in the catalog", report4399},
		{"4402 a dropped table is not listed", report4402},
		{"4403 an update to every type", report4403},
		{"4418 colons in a string", report4418},
		{"7002 arithmetic in SET", report7002},
		{"7120 timestamps keep precision and offset", report7120},
		{"7300 the committed view", report7300},
		{"7432 no metadata in the user view", report7432},
		{"7433 an update returns document ids", report7433},
		{"8079 a timestamp literal over several lines", report8079},
		{"9531 history in ranges", report9531},
		{"docs 853 and 1224 the vehicle tables", reportVehicles},
		{"dmv-nodejs 190 history with an end that is not past", reportDMV190},
		{"driver-nodejs 30 and driver-dotnet 30 a wrong commit digest", reportNodejs30},
		{"driver-java 32 an expired session", reportJava32},
	} {
		t.Run(r.id, func(t *testing.T) {
			r.test(t, emulatortest.New(t, emulatortest.At(time.Date(2020, 5, 1, 0, 0, 0, 0, time.UTC))))
		})
	}
}

// isID checks that s is an id as QLDB makes them: 128 bits in 22 characters.
func isID(t *testing.T, s string) {
	t.Helper()
	if _, err := hashchain.ParseID(s); err != nil || len(s) != 22 {
		t.Errorf("%q is no id of 22 characters of base 62: %v", s, err)
	}
}

// refused runs a statement that has to fail and returns its error.
func refused(t *testing.T, l *emulatortest.Ledger, statement string, params ...any) *ledger.Error {
	t.Helper()
	err := execute(t.Context(), l.Ledger, statement, params...)
	var e *ledger.Error
	if !errors.As(err, &e) {
		t.Fatalf("%s: the error is %v", statement, err)
	}
	return e
}

func report2693(t *testing.T, l *emulatortest.Ledger) {
	l.Exec(t, "create table TEST")
	rows := l.Exec(t, "insert into TEST `{\"hello\":\"world\"}`")
	id := documentID(t, rows)
	isID(t, id)
	equalRows(t, rows, fmt.Sprintf("{documentId:%q}", id)) // and nothing else
	equalRows(t, l.Exec(t, "select * from TEST"), `{hello:"world"}`)
}

func report2739(t *testing.T, l *emulatortest.Ledger) {
	const doc = `{id:"x",rate:5.00d-2,date1:2020-07-17T14:29:42.909Z,date2:2040-07-04T12:00:00.000Z,bool_col:false,nullable_col:null,small_number:1.06800d-5}`
	l.Exec(t, "create table TEST")
	l.Exec(t, "insert into TEST `"+doc+"`")
	rows := l.Exec(t, "select * from TEST")
	equalRows(t, rows, `{id:"x",rate:0.0500,date1:2020-07-17T14:29:42.909Z,date2:2040-07-04T12:00:00.000Z,bool_col:false,nullable_col:null,small_number:0.0000106800}`)
	if !ion.Identical(parse(t, rows[0]), parse(t, doc)) {
		t.Errorf("%s is not identical to %s", rows[0], doc)
	}
}

func report3109(t *testing.T, l *emulatortest.Ledger) {
	l.Exec(t, "CREATE TABLE assets")
	id := documentID(t, l.Exec(t, "INSERT INTO assets << {'assetId': 4, 'subTitle':'QLDB'} >>"))
	l.Exec(t, "INSERT INTO assets << {'assetId': 5} >>")
	row := fmt.Sprintf(`{assetId:4,subTitle:"QLDB",pid:%q}`, id) // the BY column comes last
	if rows := l.Exec(t, "SELECT * FROM assets BY pid"); len(rows) != 2 || rows[0] != row {
		t.Errorf("BY gives %s", rows)
	}
	equalRows(t, l.Exec(t, "SELECT * FROM assets BY pid WHERE pid = '"+id+"'"), row)
	update := l.Exec(t, "UPDATE assets AS a BY pid SET a = {} WHERE pid = '"+id+"'")
	equalRows(t, update, fmt.Sprintf("{documentId:%q}", id))
	equalRows(t, l.Exec(t, "SELECT * FROM assets"), "{}", "{assetId:5}")
	history := l.Exec(t, "SELECT * FROM history(assets) AS a WHERE a.metadata.id = '"+id+"'")
	if len(history) != 2 {
		t.Fatalf("%d revisions, want 2", len(history))
	}
	for version, data := range []string{`{assetId:4,subTitle:"QLDB"}`, "{}"} {
		h := parse(t, history[version])
		if at(t, h, "data").String() != data || intAt(t, h, "metadata", "version") != int64(version) || textAt(t, h, "metadata", "id") != id {
			t.Errorf("revision %d is %s", version, h)
		}
	}
}

func report3148(t *testing.T, l *emulatortest.Ledger) {
	l.Exec(t, "CREATE TABLE assets")
	id := documentID(t, l.Exec(t, "INSERT INTO assets {'a': 1}"))
	other := documentID(t, l.Exec(t, "INSERT INTO assets {'a': 2}"))
	rows := l.Exec(t, "UPDATE assets AS tblrow BY id SET tblrow = ? WHERE id = ?", parse(t, "{b:2.50,c:[sym]}"), id)
	equalRows(t, rows, fmt.Sprintf("{documentId:%q}", id))
	equalRows(t, l.Exec(t, "SELECT * FROM assets BY id WHERE id = ?", id), fmt.Sprintf("{b:2.50,c:[sym],id:%q}", id))
	equalRows(t, l.Exec(t, "SELECT * FROM assets BY id WHERE id = ?", other), fmt.Sprintf("{a:2,id:%q}", other))
}

func report3161(t *testing.T, l *emulatortest.Ledger) {
	isID(t, textAt(t, parse(t, l.Exec(t, "CREATE TABLE assets")[0]), "tableId"))
	l.Exec(t, "CREATE INDEX ON assets (assetId)")
	isID(t, parseText(t, l.Exec(t, "SELECT VALUE indexes[0].indexId FROM information_schema.user_tables")[0]))
	isID(t, documentID(t, l.Exec(t, "INSERT INTO assets <<{'assetId': 2, 'title':'two'}>>")))
	x := begin(t, l.Ledger)
	isID(t, x.id)
	equalRows(t, x.q("SELECT VALUE TXID() FROM <<0>>"), fmt.Sprintf("%q", x.id))
	isID(t, l.StrandID())
}

// parseText is the text of a row that is a string.
func parseText(t *testing.T, row string) string {
	t.Helper()
	s, ok := parse(t, row).Text()
	if !ok {
		t.Fatalf("%s is no text", row)
	}
	return s
}

func report3181(t *testing.T, l *emulatortest.Ledger) {
	l.Exec(t, "CREATE TABLE assets")
	const uuid = "e238fa74-aaaa-bbbb-cccc-000000000000"
	l.Exec(t, "INSERT INTO assets {'id': '"+uuid+"', 'state': 'new'}")
	for _, state := range []string{"approved", `{"a": 1}`, "it's `2020T`, '' or \" \\ ?", "true", "5"} {
		if rows := l.Exec(t, "UPDATE assets AS asset SET asset.state = ? WHERE id = ?", state, uuid); len(rows) != 1 {
			t.Errorf("%q: %d documents are changed", state, len(rows))
		}
		if got := parseText(t, l.Exec(t, "SELECT VALUE state FROM assets")[0]); got != state {
			t.Errorf("the state is %q, want %q", got, state)
		}
	}
}

func report4334(t *testing.T, l *emulatortest.Ledger) {
	l.Exec(t, "CREATE TABLE People")
	l.Exec(t, "CREATE INDEX ON People (firstName)")
	l.Exec(t, "INSERT INTO People ?", map[string]any{"firstName": "Bob", "age": 32})
	l.Exec(t, "INSERT INTO People ?", map[string]any{"firstName": "Eve", "age": 50})
	if rows := l.Exec(t, "UPDATE People SET age = ? WHERE firstName = ?", 33, "Bob"); len(rows) != 1 {
		t.Errorf("%d documents are changed, want 1", len(rows))
	}
	equalRows(t, l.Exec(t, "SELECT firstName, age FROM People"), `{firstName:"Bob",age:33}`, `{firstName:"Eve",age:50}`)
}

const tableNames = "SELECT VALUE name FROM information_schema.user_tables WHERE status = 'ACTIVE'"

func report4383(t *testing.T, l *emulatortest.Ledger) {
	l.Exec(t, "CREATE TABLE A")
	l.Exec(t, "CREATE TABLE B")
	page, err := begin(t, l.Ledger).send(tableNames)
	if err != nil || page.Token != "" {
		t.Fatal(page, err)
	}
	// Each value of the page is a whole stream with one value in it.
	equalRows(t, texts(t, page.Values), `"A"`, `"B"`)
}

func report4399(t *testing.T, l *emulatortest.Ledger) {
	l.Exec(t, "CREATE TABLE A")
	l.Exec(t, "CREATE TABLE B")
	l.Exec(t, "CREATE INDEX ON B (other)")
	const q = "SELECT VALUE indexes FROM information_schema.user_tables info, info.indexes indexes WHERE info.name = 'A'"
	equalRows(t, l.Exec(t, q))
	l.Exec(t, "CREATE INDEX ON A (field)")
	rows := l.Exec(t, q)
	if len(rows) != 1 {
		t.Fatalf("%d indexes, want 1", len(rows))
	}
	id := textAt(t, parse(t, rows[0]), "indexId")
	isID(t, id)
	equalRows(t, rows, fmt.Sprintf(`{indexId:%q,expr:"[field]",status:"ONLINE"}`, id))
}

func report4402(t *testing.T, l *emulatortest.Ledger) {
	l.Exec(t, "CREATE TABLE A")
	l.Exec(t, "CREATE TABLE B")
	x := begin(t, l.Ledger)
	x.q("DROP TABLE A")
	equalRows(t, x.q(tableNames), `"B"`) // at once
	x.mustCommit()
	equalRows(t, l.Exec(t, tableNames), `"B"`)
	equalRows(t, l.Exec(t, "SELECT VALUE status FROM information_schema.user_tables WHERE name = 'A'"), `"INACTIVE"`)
}

func report4403(t *testing.T, l *emulatortest.Ledger) {
	l.Exec(t, "CREATE TABLE Wallet")
	l.Exec(t, "INSERT INTO Wallet `{id: 1, description: \"w\", balance: 25e0, tags: {a: 1}}`")
	for _, text := range []string{
		"null", "null.bool", "null.int", "null.float", "null.decimal", "null.timestamp", "null.string", "null.symbol", "null.clob", "null.blob",
		"null.list", "null.sexp", "null.struct", "true", "false", "1", "-12345678901234567890", "1.50", "25e0", "nan", "2020-01-01T00:00:00.123+01:00",
		"sym", `"text"`, "{{aGk=}}", `{{"clob"}}`, "[1,[2]]", "(a b)", "{a:{b:1}}", "ann::5", "ann::true", "ann::null.list",
	} {
		v := parse(t, text)
		if rows := l.Exec(t, "UPDATE Wallet SET balance = ? WHERE id = ?", v, 1); len(rows) != 1 {
			t.Errorf("%s: %d documents are changed, want 1", text, len(rows))
		}
		equalRows(t, l.Exec(t, "SELECT VALUE balance FROM Wallet"), text)
		if v.IsNull() {
			equalRows(t, l.Exec(t, "SELECT VALUE id FROM Wallet WHERE balance IS NULL"), "1")
		} else {
			equalRows(t, l.Exec(t, "SELECT VALUE id FROM Wallet WHERE balance = ?", v), "1")
		}
	}
}

func report4418(t *testing.T, l *emulatortest.Ledger) {
	const id = "company::843f7222-0000"
	l.Exec(t, "CREATE TABLE Wallet")
	l.Exec(t, "INSERT INTO Wallet ?", map[string]any{"id": id})
	l.Exec(t, "INSERT INTO Wallet ?", map[string]any{"id": "843f7222-0000"})
	want := fmt.Sprintf("{id:%q}", id)
	equalRows(t, l.Exec(t, "SELECT * FROM Wallet WHERE id = ?", id), want)
	equalRows(t, l.Exec(t, "SELECT * FROM Wallet WHERE id = '"+id+"'"), want)
	equalRows(t, l.Exec(t, "SELECT * FROM Wallet WHERE id = `\""+id+"\"`"), want)
}

func report7002(t *testing.T, l *emulatortest.Ledger) {
	l.Exec(t, "CREATE TABLE account")
	id := documentID(t, l.Exec(t, "INSERT INTO account {'balance': 10.50}"))
	l.Exec(t, "INSERT INTO account {'balance': 7.00}")
	const add = "UPDATE account\n   BY  account_id\n  SET  balance    = balance + ?\nWHERE  account_id = ?"
	equalRows(t, l.Exec(t, add, parse(t, "1.25"), id), fmt.Sprintf("{documentId:%q}", id))
	equalRows(t, l.Exec(t, add, parse(t, "-2.00"), id), fmt.Sprintf("{documentId:%q}", id))
	equalRows(t, l.Exec(t, "SELECT balance FROM account"), "{balance:9.75}", "{balance:7.00}")
}

func report7120(t *testing.T, l *emulatortest.Ledger) {
	const doc = "{t:2022-11-01T10:11:12Z,u:2022T,v:2022-11-01T10:11-00:00,w:2022-11-01T10:11:12.120+01:00}"
	l.Exec(t, "CREATE TABLE dummy")
	l.Exec(t, "INSERT INTO dummy ?", parse(t, doc))
	equalRows(t, l.Exec(t, "SELECT * FROM dummy"), doc)
}

func report7300(t *testing.T, l *emulatortest.Ledger) {
	l.Exec(t, "CREATE TABLE aggregations")
	id := documentID(t, l.Exec(t, "INSERT INTO aggregations {'dateBucket': 'd1'}"))
	l.Exec(t, "INSERT INTO aggregations {'dateBucket': 'd2'}")
	l.Exec(t, "UPDATE aggregations SET n = 1 WHERE dateBucket = 'd1'")
	seq := tip(t, l.Ledger)
	rows := l.Exec(t, "SELECT * FROM _ql_committed_aggregations as d WHERE d.data.dateBucket = ?", "d1")
	if len(rows) != 1 {
		t.Fatalf("%d rows, want 1", len(rows))
	}
	row := parse(t, rows[0])
	var names []string
	for it := row.Iter(); it.Next(); {
		names = append(names, it.Name())
	}
	if got := strings.Join(names, " "); got != "blockAddress hash data metadata" {
		t.Errorf("the fields are %s", got)
	}
	if intAt(t, row, "metadata", "version") != 1 || textAt(t, row, "metadata", "id") != id || uint64(intAt(t, row, "blockAddress", "sequenceNo")) != seq {
		t.Errorf("the row is %s", row)
	}
	if got := at(t, row, "data").String(); got != `{dateBucket:"d1",n:1}` {
		t.Errorf("the data is %s", got)
	}
}

func report7432(t *testing.T, l *emulatortest.Ledger) {
	l.Exec(t, "CREATE TABLE Book")
	id := documentID(t, l.Exec(t, "INSERT INTO Book {'name': 'b'}"))
	equalRows(t, l.Exec(t, "SELECT * FROM Book as b WHERE b.metadata.id = ?", id))
	equalRows(t, l.Exec(t, "SELECT VALUE b.metadata IS MISSING FROM Book as b"), "true")
	equalRows(t, l.Exec(t, "SELECT data FROM _ql_committed_Book as b WHERE b.metadata.id = ?", id), `{data:{name:"b"}}`)
}

func report7433(t *testing.T, l *emulatortest.Ledger) {
	l.Exec(t, "CREATE TABLE Book")
	a := documentID(t, l.Exec(t, "INSERT INTO Book {'id': 7, 'name': 'old'}"))
	b := documentID(t, l.Exec(t, "INSERT INTO Book {'id': 7, 'name': 'older'}"))
	l.Exec(t, "INSERT INTO Book {'id': 8, 'name': 'other'}")
	rows := l.Exec(t, "UPDATE Book SET name = ? WHERE Book.id = ?", "new", 7)
	equalRows(t, rows, fmt.Sprintf("{documentId:%q}", a), fmt.Sprintf("{documentId:%q}", b))
	equalRows(t, l.Exec(t, "UPDATE Book SET name = ? WHERE Book.id = ?", "new", 9))
	equalRows(t, l.Exec(t, "SELECT VALUE name FROM Book"), `"new"`, `"new"`, `"other"`)
}

func report8079(t *testing.T, l *emulatortest.Ledger) {
	l.Clock.Set(time.Date(2023, 4, 5, 12, 16, 45, 0, time.UTC))
	l.Exec(t, "CREATE TABLE transactions")
	l.Exec(t, "INSERT INTO transactions {'amount': 100}")
	l.Clock.Advance(time.Second)
	l.Exec(t, "INSERT INTO transactions << {'amount': 1.5}, {'amount': 2} >>")
	rows := l.Exec(t, "SELECT SUM(data.amount) as total\n FROM _ql_committed_transactions\n WHERE metadata.txTime >= `2023-04-05T12:16:45.915Z`")
	equalRows(t, rows, "{total:3.5}")
}

// report9531 replays a script that was run against the service. The documents'
// own field version counts their writes: it is that of the metadata plus 1.
func report9531(t *testing.T, l *emulatortest.Ledger) {
	now := time.Date(2023, 11, 1, 12, 0, 0, 0, time.UTC)
	stamp := func() string { // sleeps, then notes the client's time, then sleeps
		l.Clock.Set(now.Add(1500 * time.Millisecond))
		s := now.Add(time.Second).Format("2006-01-02T15:04:05.000000Z")
		now = now.Add(2 * time.Second)
		return s
	}
	l.Clock.Set(now)
	l.Exec(t, "CREATE TABLE ExampleTable")
	ids := map[string]string{}
	insert := func(name string) {
		ids[name] = documentID(t, l.Exec(t, "INSERT INTO ExampleTable ?", map[string]any{"id": name, "version": 1}))
	}
	write := func(x *transaction, name string, version int) {
		rows := x.q("UPDATE ExampleTable AS d SET d = ? WHERE id = ?", map[string]any{"id": name, "version": version}, name)
		equalRows(t, rows, fmt.Sprintf("{documentId:%q}", ids[name]))
	}
	batch := func(versions map[string]int) { // in one transaction
		x := begin(t, l.Ledger)
		for _, name := range []string{"ID1", "ID2"} {
			if v := versions[name]; v > 0 {
				write(x, name, v)
			}
		}
		x.mustCommit()
	}
	before := now.Format("2006-01-02T15:04:05.000000Z")
	t0 := stamp()
	insert("ID1")
	insert("ID2")
	t1 := stamp()
	batch(map[string]int{"ID1": 2})
	t2 := stamp()
	batch(map[string]int{"ID1": 3})
	t3 := stamp()
	batch(map[string]int{"ID1": 4, "ID2": 2})
	t4 := stamp()
	batch(map[string]int{"ID1": 5})
	t5, t6 := stamp(), stamp()
	for _, c := range []struct{ start, end, name, want string }{
		{before, t0, "ID1", ""},
		{before, t0, "ID2", ""},
		{t0, t2, "ID1", "1 2"},
		{t0, t2, "ID2", "1"},
		{t0, t1, "ID1", "1"},
		{t1, t2, "ID1", "1 2"},
		{t2, t3, "ID1", "2 3"},
		{t3, t4, "ID1", "3 4"},
		{t3, t4, "ID2", "1 2"},
		{t4, t4, "ID1", "4"},
		{t4, t4, "ID2", "2"},
		{t4, t6, "ID1", "4 5"},
		{t5, t6, "ID1", "5"},
		{t5, t6, "ID2", "2"},
		{t0, t6, "ID1", "1 2 3 4 5"},
		{t0, t6, "ID2", "1 2"},
	} {
		q := "SELECT * FROM history(ExampleTable, `" + c.start + "`, `" + c.end + "`) AS h WHERE h.metadata.id = ?"
		var versions []string
		for _, row := range l.Exec(t, q, ids[c.name]) {
			h := parse(t, row)
			if intAt(t, h, "data", "version") != intAt(t, h, "metadata", "version")+1 {
				t.Errorf("%s: the revision is %s", q, h)
			}
			versions = append(versions, at(t, h, "data", "version").String())
		}
		if got := strings.Join(versions, " "); got != c.want {
			t.Errorf("history of %s from %s to %s has the versions %q, want %q", c.name, c.start, c.end, got, c.want)
		}
	}
	// The two changes of the batch are one block.
	equalRows(t, l.Exec(t, "SELECT COUNT(*) FROM history(ExampleTable) AS a, history(ExampleTable) AS b WHERE a.data.id = 'ID1' AND a.data.version = 4 "+
		"AND b.data.id = 'ID2' AND b.data.version = 2 AND a.blockAddress = b.blockAddress AND a.metadata.txId = b.metadata.txId"), "{_1:1}")
}

// reportVehicles: guides use the tables of the vehicle registration sample.
func reportVehicles(t *testing.T, l *emulatortest.Ledger) {
	for _, s := range []string{
		"CREATE TABLE Vehicle", "CREATE INDEX ON Vehicle (VIN)", "CREATE TABLE VehicleRegistration", "CREATE INDEX ON VehicleRegistration (VIN)",
		"CREATE TABLE Person", "CREATE INDEX ON Person (GovId)",
		"INSERT INTO Vehicle << {'VIN': 'V1', 'Make': 'Audi'}, {'VIN': 'V2', 'Make': 'Ford'} >>",
	} {
		l.Exec(t, s)
	}
	person := documentID(t, l.Exec(t, "INSERT INTO Person {'GovId': 'G1', 'FirstName': 'Raul'}"))
	l.Exec(t, "INSERT INTO VehicleRegistration ?", parse(t, fmt.Sprintf("{VIN:\"V1\",Owners:{PrimaryOwner:{PersonId:%q},SecondaryOwners:[]}}", person)))
	equalRows(t, l.Exec(t, "SELECT Vehicle FROM Vehicle INNER JOIN VehicleRegistration AS r ON Vehicle.VIN = r.VIN WHERE r.Owners.PrimaryOwner.PersonId = ?", person),
		`{Vehicle:{VIN:"V1",Make:"Audi"}}`)
	l.Exec(t, "FROM VehicleRegistration AS v WHERE v.VIN = 'V1' INSERT INTO v.Owners.SecondaryOwners VALUE ?", map[string]any{"PersonId": "P2"})
	equalRows(t, l.Exec(t, "SELECT Owners.SecondaryOwners FROM VehicleRegistration AS v WHERE v.VIN = ?", "V1"), `{SecondaryOwners:[{PersonId:"P2"}]}`)
	equalRows(t, l.Exec(t, "SELECT VALUE p.FirstName FROM Person AS p BY pid WHERE pid = ?", person), `"Raul"`)
}

func reportDMV190(t *testing.T, l *emulatortest.Ledger) {
	now := time.Date(2022, 2, 1, 0, 0, 0, 0, time.UTC)
	l.Clock.Set(now)
	l.Exec(t, "CREATE TABLE VehicleRegistration")
	l.Exec(t, "INSERT INTO VehicleRegistration {'VIN': 'V1'}")
	l.Clock.Set(now.Add(time.Minute))
	// The client's clock is ahead of the ledger's.
	if e := refused(t, l, "SELECT * FROM history (VehicleRegistration, `2022-01-31T23:57:00Z`, `2022-02-01T00:01:01Z`)"); e.Exception != badRequest {
		t.Errorf("an end in the future is %s", e.Exception)
	}
	// A minute less is what samples send since.
	rows := l.Exec(t, "SELECT VALUE data FROM history (VehicleRegistration, `2022-01-31T23:57:00Z`, `2022-02-01T00:00:01Z`)")
	equalRows(t, rows, `{VIN:"V1"}`)
}

func reportNodejs30(t *testing.T, l *emulatortest.Ledger) {
	l.Exec(t, "CREATE TABLE T")
	before := tip(t, l.Ledger)
	x := begin(t, l.Ledger)
	x.q("INSERT INTO T {'a': 1}")
	x.digest = hashchain.NewCommitDigest(x.id)
	isError(t, x.commit(), badRequest, "400", "Digests don't match")
	if now := tip(t, l.Ledger); now != before {
		t.Errorf("the tip went from %d to %d", before, now)
	}
}

// reportJava32: drivers replace a session only for InvalidSessionException.
func reportJava32(t *testing.T, l *emulatortest.Ledger) {
	s := newSession(t, l.Ledger)
	l.Clock.Advance(18 * time.Minute)
	_, err := s.StartTransaction(t.Context())
	isError(t, err, invalidSession, "", "Session "+s.ID()+" has expired")
}
