//lint:file-ignore SA1019 the service has ended; this package is for endpoints that speak its protocol

package qldb

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	awsqldb "github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/aws/aws-sdk-go-v2/service/qldbsession"

	"github.com/tallyledger/tally/ledger"
)

func TestErrorsOfStatements(t *testing.T) {
	tests := []struct {
		name     string
		a        answer
		want     ledger.Error
		sentinel error
	}{
		{"as a Tally server answers",
			answer{status: 400, typ: "BadRequestException", msg: "Semantic Error: x"},
			ledger.Error{Exception: "BadRequestException", Message: "Semantic Error: x"}, ledger.ErrBadRequest},
		{"with a code and the header",
			answer{status: 400, typ: "BadRequestException", body: `{"__type":"BadRequestException","Code":"432","Message":"Semantic Error: x"}`},
			ledger.Error{Exception: "BadRequestException", Code: "432", Message: "Semantic Error: x"}, ledger.ErrBadRequest},
		{"as QLDB answered: a code and no header",
			answer{status: 400, body: `{"__type":"BadRequestException","Code":"412","Message":"Table with name: USER.T already exists"}`},
			ledger.Error{Exception: "BadRequestException", Code: "412", Message: "Table with name: USER.T already exists"}, ledger.ErrBadRequest},
		{"without a message", answer{status: 500, body: `{"__type":"InternalFailure"}`},
			ledger.Error{Exception: "InternalFailure"}, ledger.ErrInternal},
		{"session expired", answer{status: 400, typ: "InvalidSessionException", msg: "Session I1pH6SCujBW0JYpPoLQT02 has expired"},
			ledger.Error{Exception: "InvalidSessionException", Message: "Session I1pH6SCujBW0JYpPoLQT02 has expired"}, ledger.ErrInvalidSession},
		{"a fault of another name", answer{status: 500, typ: "InternalServerException", msg: "oops"},
			ledger.Error{Exception: "InternalServerException", Message: "oops"}, ledger.ErrInternal},
		{"unavailable by another name", answer{status: 503, typ: "ServiceUnavailableException", msg: "oops"},
			ledger.Error{Exception: "ServiceUnavailableException", Message: "oops"}, ledger.ErrUnavailable},
		{"one that this package does not know", answer{status: 403, typ: "AccessDeniedException", msg: "no"},
			ledger.Error{Exception: "AccessDeniedException", Message: "no"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, l := fake(t)
			f.on("ExecuteStatement", tt.a)
			runs := 0
			err := l.Execute(t.Context(), insert(&runs), ledger.WithRetry(ledger.NoRetry))
			var got *ledger.Error
			if !errors.As(err, &got) {
				t.Fatalf("error %v of type %T, want *ledger.Error", err, err)
			}
			if got.Exception != tt.want.Exception || got.Code != tt.want.Code || got.Message != tt.want.Message {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if tt.sentinel != nil && !errors.Is(err, tt.sentinel) {
				t.Errorf("%v is not %v", err, tt.sentinel)
			}
			if errors.Is(err, ledger.ErrTransactionExpired) {
				t.Errorf("%v is taken for an expired transaction", err)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	l, err := Open(t.Context(), "books", WithEndpoint("http://127.0.0.1:1")) // a port that nothing listens on
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = l.Execute(t.Context(), func(ledger.Transaction) error { return nil }, quick(1))
	if !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("error %v, want unavailable", err)
	}
}

// A time limit that is not the caller's is the service's fault.
func TestClientTimeout(t *testing.T) {
	_, l := fake(t)
	hold := make(chan struct{})
	hs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hold }))
	defer hs.Close()
	defer close(hold)
	hasty := &http.Client{Timeout: time.Millisecond}
	session := qldbsession.New(l.pool.session.Options(), func(o *qldbsession.Options) { o.BaseEndpoint, o.HTTPClient, o.APIOptions = &hs.URL, hasty, nil })
	control := awsqldb.New(l.control.Options(), func(o *awsqldb.Options) { o.BaseEndpoint, o.HTTPClient, o.APIOptions = &hs.URL, hasty, nil })
	l, err := New("books", session, control)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Execute(t.Context(), func(ledger.Transaction) error { return nil }, quick(1)); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("Execute: %v, want unavailable", err)
	}
	if _, err := l.Digest(t.Context()); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("Digest: %v, want unavailable", err)
	}
}
