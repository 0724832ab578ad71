package qldb

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

func parse(t testing.TB, text string) ion.Value {
	t.Helper()
	v, err := ion.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAnnotatedTrueIsRefused(t *testing.T) {
	for text, refused := range map[string]bool{
		"a::true": true, "[1,[a::true]]": true, "{f:{g:a::b::true}}": true, "(a::true)": true, "x::[a::true]": true,
		"true": false, "a::false": false, "a::null.bool": false, "a::[true]": false, "null.struct": false, `"a::true"`: false,
	} {
		f, l := fake(t)
		err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
			_, err := tx.Execute("INSERT INTO T {'v': ?}", parse(t, text))
			return err
		})
		if errors.Is(err, ledger.ErrUnsupported) != refused || !refused && err != nil {
			t.Errorf("%s: error %v", text, err)
		}
		if refused && f.count("ExecuteStatement") != 0 {
			t.Errorf("%s was sent all the same", text)
		}
	}
}

// So is one inside Go values, wherever it stands.
func TestAnnotatedTrueInGoValues(t *testing.T) {
	v := parse(t, "a::true")
	for i, p := range []any{
		&v, []ion.Value{v}, map[string]ion.Value{"f": v}, []any{1, []any{v}},
		struct{ F *ion.Value }{&v}, map[string]any{"f": []map[string]ion.Value{{"g": v}}},
	} {
		f, l := fake(t)
		err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
			_, err := tx.Execute("SELECT ?, ? FROM T", 1, p)
			return err
		})
		if !errors.Is(err, ledger.ErrUnsupported) || !strings.Contains(err.Error(), "parameter 2") || f.count("ExecuteStatement") != 0 {
			t.Errorf("Go value %d, %T: %v", i, p, err)
		}
	}
}

// The driver must hash a parameter as the ledger does; the fake service compares
// the digests at commit. Values that are refused are not sent.
func FuzzParameter(f *testing.F) {
	for _, text := range []string{"null", "a::1", "[1.10, -0., nan, 2020T]", "{a:{b:(c 'd e')}, a:{{AA==}}}", "null.sexp", `{{"clob"}}`, "2020-01-01T00:00:00.000-00:00",
		"-123456789012345678901234567890", "a::true", "''::''", "[[[[]]]]"} {
		f.Add(parse(f, text).Encode())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := ion.Parse(data)
		if err != nil {
			return
		}
		if _, err := v.Hash(); err != nil {
			return // a symbol without text: refused before anything is hashed
		}
		_, l := fake(t)
		err = l.Execute(t.Context(), func(tx ledger.Transaction) error {
			_, err := tx.Execute("INSERT INTO T ?", v)
			return err
		})
		if err != nil && !hasAnnotatedTrue(v) {
			t.Errorf("%s: %v", v, err)
		}
	})
}

func TestUnknownSymbolIsRefused(t *testing.T) {
	// Symbol 10 is the first of an imported table that nobody has.
	v, err := ion.Parse([]byte{0xE0, 0x01, 0x00, 0xEA, 0xEE, 0x90, 0x81, 0x83, 0xDD, 0x86, 0xBE, 0x8A, 0xD9, 0x84, 0x81, 'x', 0x85, 0x21, 0x01, 0x88, 0x21, 0x05, 0x71, 0x0A})
	if err != nil || v.Type() != ion.SymbolType {
		t.Fatalf("the test's own value is %s, %v", v, err)
	}
	f, l := fake(t)
	err = l.Execute(t.Context(), func(tx ledger.Transaction) error {
		_, err := tx.Execute("INSERT INTO T {'v': ?}", v)
		return err
	})
	if err == nil || f.count("ExecuteStatement") != 0 {
		t.Errorf("a symbol of unknown text was sent; error %v", err)
	}
}

// Values and hashes that five other drivers agree on.
func TestDriversVectors(t *testing.T) {
	file, err := os.ReadFile("../../../shared/vectors/ionhash-drivers.tsv")
	if err != nil {
		t.Skip("the vectors of the drivers are not here: ", err)
	}
	_, l := fake(t)
	n := 0
	for line := range strings.Lines(string(file)) {
		col := strings.Split(strings.TrimSpace(line), "\t")
		if len(col) < 3 {
			continue
		}
		data, err := base64.StdEncoding.DecodeString(col[1])
		if err != nil {
			continue
		}
		v, err := ion.Parse(data)
		if err != nil {
			t.Errorf("%s: %v", col[0], err)
			continue
		}
		h, err := v.Hash()
		if err != nil || hex.EncodeToString(h[:]) != col[2] {
			t.Errorf("%s: hash %x, %v; want %s", col[0], h, err, col[2])
		}
		n++
		if hasAnnotatedTrue(v) {
			continue
		}
		err = l.Execute(t.Context(), func(tx ledger.Transaction) error { // compares the driver's digest
			_, err := tx.Execute("INSERT INTO T {'v': ?}", v)
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", col[0], err)
		}
	}
	if n < 100 {
		t.Errorf("only %d vectors were read", n)
	}
}

func TestRowThatIsNoIon(t *testing.T) {
	f, l := fake(t)
	f.on("ExecuteStatement", answer{status: 200, body: `{"ExecuteStatement":{"FirstPage":{"Values":[{"IonBinary":"AAEC"}]}}}`})
	err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
		r, err := tx.Execute("SELECT * FROM T")
		if err != nil {
			return err
		}
		_, err = r.All()
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "not one Ion value") {
		t.Errorf("error %v", err)
	}
}
