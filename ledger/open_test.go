package ledger_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	_ "github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/ledger"
)

func TestOpen(t *testing.T) {
	l, err := ledger.Open(t.Context(), "memory:orders")
	if err != nil {
		t.Fatal(err)
	}
	if l.Name() != "orders" {
		t.Errorf("the ledger's name is %q", l.Name())
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for raw, says := range map[string]string{
		"":                            "no backend",
		"orders":                      "no backend",
		"sqlite://user:secret@host/x": "registered are",
		"memory://%zz":                "is not a URL",
		"://":                         "is not a URL",
	} {
		_, err := ledger.Open(t.Context(), raw)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: error %v, want one that says %q and no secret", raw, err, says)
		}
	}
}

func TestRegisterTwicePanics(t *testing.T) {
	open := func(context.Context, *url.URL) (ledger.Ledger, error) { return nil, nil }
	ledger.Register("only-once", open)
	defer func() {
		if recover() == nil {
			t.Error("a second registration was accepted")
		}
	}()
	ledger.Register("only-once", open)
}
