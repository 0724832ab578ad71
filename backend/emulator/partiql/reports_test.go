package partiql_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/hashchain/ion"
)

// The tests of this file are statements that users had working on QLDB and that
// another emulator got wrong.

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

func TestReport2693InsertReturnsDocumentID(t *testing.T) {
	m := newMemory()
	must(t, m, "create table TEST", "insert into TEST `{\"hello\":\"world\"}` ==> {documentId:\"{id}\"}", "select * from TEST ==> {hello:\"world\"}")
}

func TestReport2739IonRoundTrip(t *testing.T) {
	must(t, newMemory(), "create table TEST",
		"insert into TEST `{id:\"x\",rate:5.00d-2,date1:2020-07-17T14:29:42.909Z,date2:2040-07-04T12:00:00.000Z,bool_col:false,nullable_col:null,small_number:1.06800d-5}`",
		"select * from TEST ==> {id:\"x\",rate:0.0500,date1:2020-07-17T14:29:42.909Z,date2:2040-07-04T12:00:00.000Z,bool_col:false,nullable_col:null,small_number:0.0000106800}")
}

func TestReport3109ByHistoryWholeDocument(t *testing.T) {
	must(t, newMemory(), "CREATE TABLE tests", "INSERT INTO tests << {'assetId': 4, 'subTitle':'QLDB'} >>",
		"SELECT * FROM tests BY pid ==> {assetId:4,subTitle:\"QLDB\",pid:\"{id}\"}",
		"SELECT * FROM tests BY pid WHERE pid = '{id}' ==> {assetId:4,subTitle:\"QLDB\",pid:\"{id}\"}",
		"SELECT a.data.assetId FROM history(tests) AS a WHERE a.metadata.id = '{id}' ==> {assetId:4}",
		"UPDATE tests AS a BY pid SET a = {} WHERE pid = '{id}' ==> {documentId:\"{id}\"}",
		"SELECT * FROM tests ==> {}")
}

func TestReport3148ReplaceByParameter(t *testing.T) {
	must(t, newMemory(), "CREATE TABLE assets", "INSERT INTO assets {'a': 1}",
		"UPDATE assets AS tblrow BY id SET tblrow = ? WHERE id = ? %% [{b: 2.50, c: [sym]}, \"0000000000000000000002\"]",
		"SELECT * FROM assets ==> {b:2.50,c:[sym]}")
}

func TestReport3161BulkInsert(t *testing.T) {
	m := newMemory()
	must(t, m, "CREATE TABLE assets")
	res, err := m.run(context.Background(), "INSERT INTO assets <<{'assetId': 2, 'title':'AWS EC2 222', 'description':'Amazon Elastic Compute Cloud 222'} >>")
	if err != nil || len(res.rows) != 1 {
		t.Fatal(res, err)
	}
	id, _ := res.rows[0].Path("documentId")
	if s, _ := id.Text(); len(s) != 22 {
		t.Errorf("document id %q has not 22 characters", s)
	}
}

func TestReport3181ParameterIsAValue(t *testing.T) {
	must(t, newMemory(), "CREATE TABLE assets", "INSERT INTO assets {'id': 'e238fa74', 'state': 'new'}",
		"UPDATE assets AS asset SET asset.state = ? WHERE id = ? %% [\"approved\", \"e238fa74\"]",
		"SELECT state FROM assets ==> {state:\"approved\"}",
		"UPDATE assets SET state = ? %% [\"{\\\"a\\\": 1}\"]", "SELECT state FROM assets ==> {state:\"{\\\"a\\\": 1}\"}")
}

func TestReport4334UpdateWithParameters(t *testing.T) {
	must(t, newMemory(), "CREATE TABLE People", "INSERT INTO People {'firstName': 'Bob', 'age': 32}",
		"UPDATE People SET age = ? WHERE firstName = ? %% [33, \"Bob\"]", "SELECT age FROM People ==> {age:33}")
}

func TestReport4383TableNamesAreSingleValues(t *testing.T) {
	must(t, newMemory(), "CREATE TABLE A", "CREATE TABLE B",
		"SELECT VALUE name FROM information_schema.user_tables WHERE status = 'ACTIVE' ==> \"A\" \"B\"")
}

func TestReport4399IndexesByUnnest(t *testing.T) {
	must(t, newMemory(), "CREATE TABLE A", "CREATE INDEX ON A (field)",
		"SELECT VALUE indexes FROM information_schema.user_tables info, info.indexes indexes WHERE info.name = 'A' ==> {indexId:\"0000000000000000000002\",expr:\"[field]\",status:\"ONLINE\"}")
}

func TestReport4402DroppedTableIsNotListed(t *testing.T) {
	must(t, newMemory(), "CREATE TABLE A", "DROP TABLE A",
		"SELECT VALUE name FROM information_schema.user_tables WHERE status = 'ACTIVE' ==> ",
		"SELECT VALUE status FROM information_schema.user_tables ==> \"INACTIVE\"")
}

func TestReport4403UpdateEveryType(t *testing.T) {
	m := newMemory()
	must(t, m, "CREATE TABLE Wallet", "INSERT INTO Wallet `{id: 1, description: \"w\", balance: 25e0, tags: {a: 1}}`")
	for _, v := range []string{"null", "null.blob", "true", "1", "12345678901234567890", "1.50", "25e0", "2020-01-01T00:00:00.123+01:00", "sym",
		"\"text\"", "{{aGk=}}", "{{\"clob\"}}", "[1,[2]]", "(a b)", "{a:{b:1}}", "ann::5"} {
		must(t, m, "UPDATE Wallet SET balance = ? WHERE id = ? %% ["+v+", 1]", "SELECT VALUE balance FROM Wallet ==> "+v)
		if !strings.HasPrefix(v, "null") {
			must(t, m, "SELECT VALUE id FROM Wallet WHERE balance = ? %% ["+v+"] ==> 1")
		} else {
			must(t, m, "SELECT VALUE id FROM Wallet WHERE balance IS NULL ==> 1")
		}
	}
}

func TestReport4418ColonsInAString(t *testing.T) {
	must(t, newMemory(), "CREATE TABLE Wallet", "INSERT INTO Wallet {'id': 'company::843f7222'}",
		"SELECT * FROM Wallet WHERE id = ? %% [\"company::843f7222\"] ==> {id:\"company::843f7222\"}",
		"SELECT * FROM Wallet WHERE id = 'company::843f7222' ==> {id:\"company::843f7222\"}")
}

func TestReport7002ArithmeticInSet(t *testing.T) {
	must(t, newMemory(), "CREATE TABLE account", "INSERT INTO account {'balance': 10.50}",
		"UPDATE account\n   BY  account_id\n  SET  balance    = balance + ?\nWHERE  account_id = ? %% [1.25, \"0000000000000000000002\"] ==> {documentId:\"{id}\"}",
		"SELECT balance FROM account ==> {balance:11.75}")
}

func TestReport7120TimestampKeepsPrecision(t *testing.T) {
	must(t, newMemory(), "CREATE TABLE dummy", "INSERT INTO dummy ? %% [{t: 2022-11-01T10:11:12Z, u: 2022T, v: 2022-11-01T10:11-00:00}]",
		"SELECT * FROM dummy ==> {t:2022-11-01T10:11:12Z,u:2022T,v:2022-11-01T10:11-00:00}")
}

func TestReport7300CommittedView(t *testing.T) {
	must(t, newMemory(), "CREATE TABLE aggregations", "INSERT INTO aggregations {'dateBucket': 'd1'}", "UPDATE aggregations SET n = 1",
		"SELECT d.metadata.version, d.blockAddress.sequenceNo, d.data FROM _ql_committed_aggregations as d WHERE d.data.dateBucket = ? %% [\"d1\"]"+
			" ==> {version:1,sequenceNo:3,data:{dateBucket:\"d1\",n:1}}")
}

func TestReport7432NoMetadataInTheUserView(t *testing.T) {
	must(t, newMemory(), "CREATE TABLE Book", "INSERT INTO Book {'name': 'b'}",
		"SELECT * FROM Book as b WHERE b.metadata.id = ? %% [\"0000000000000000000002\"] ==> ",
		"SELECT VALUE b.metadata IS MISSING FROM Book as b ==> true")
}

func TestReport7433TableNameIsAnAlias(t *testing.T) {
	must(t, newMemory(), "CREATE TABLE Book", "INSERT INTO Book {'id': 7, 'name': 'old'}",
		"UPDATE Book SET name = ? WHERE Book.id = ? %% [\"new\", 7] ==> {documentId:\"{id}\"}",
		"UPDATE Book SET name = ? WHERE Book.id = ? %% [\"new\", 8] ==> ",
		"SELECT name FROM Book ==> {name:\"new\"}")
}

func TestReport8079IonTimestampLiteral(t *testing.T) {
	must(t, newMemory(), "CREATE TABLE transactions", "INSERT INTO transactions << {'amount': 1.5}, {'amount': 2} >>",
		"SELECT SUM(data.amount) as total\n FROM _ql_committed_transactions\n WHERE metadata.txTime >= `2023-04-05T12:16:45.915Z` ==> {total:3.5}")
}

// TestReport9531HistoryRanges replays a script that was run against the service:
// the data's own field version is that of the metadata plus 1.
func TestReport9531HistoryRanges(t *testing.T) {
	m := newMemory()
	must(t, m, "CREATE TABLE ExampleTable")
	var stamps []string
	mark := func() { stamps = append(stamps, m.Now().String()) }
	versions := func(start, end, id string) string {
		t.Helper()
		res, err := m.run(context.Background(), "SELECT * FROM history(ExampleTable, `"+start+"`, `"+end+"`) AS h WHERE h.metadata.id = ?", ion.NewString(id))
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, r := range res.rows {
			v, _ := r.Path("data", "version")
			out = append(out, v.String())
		}
		return strings.Join(out, " ")
	}
	mark()
	must(t, m, "INSERT INTO ExampleTable << {'version': 1}, {'version': 1} >>")
	id1, id2 := "0000000000000000000002", "0000000000000000000003"
	mark()
	set := "UPDATE ExampleTable AS d BY id SET d = {'version': ?} WHERE id = ? %% "
	must(t, m, set+"[2, \""+id1+"\"]")
	mark()
	must(t, m, set+"[3, \""+id1+"\"]")
	mark()
	must(t, m, set+"[4, \""+id1+"\"]", set+"[5, \""+id1+"\"]")
	for _, tt := range []struct{ start, end, id, want string }{
		{"2024-01-02T03:04:00.000000Z", stamps[0], id1, ""},
		{"2024-01-02T03:04:00.000000Z", stamps[0], id2, ""},
		{stamps[0], stamps[2], id1, "1 2"},
		{stamps[0], stamps[2], id2, "1"},
		{stamps[2], stamps[3], id1, "2 3"},
		{stamps[3], "2024-01-02T03:04:12.500Z", id1, "3 4 5"},
	} {
		if got := versions(tt.start, tt.end, tt.id); got != tt.want {
			t.Errorf("history from %s to %s of %s: versions %q, want %q", tt.start, tt.end, tt.id, got, tt.want)
		}
	}
}

func TestReportHistoryWithABlankAndAFutureEnd(t *testing.T) {
	m := newMemory()
	must(t, m, "CREATE TABLE VehicleRegistration", "INSERT INTO VehicleRegistration {'a': 1}",
		"SELECT COUNT(*) FROM history (VehicleRegistration, `2000T`) ==> {_1:1}")
	_, err := m.run(context.Background(), "SELECT * FROM history (VehicleRegistration, `2000T`, `2099-01-01T00:00:00Z`)")
	e, ok := err.(*partiql.Error)
	if !ok || e.Code != partiql.CodeOther {
		t.Errorf("an end in the future gives %v", err)
	}
}
