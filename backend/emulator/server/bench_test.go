//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package server_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/qldbsession"
	"github.com/awslabs/amazon-qldb-driver-go/v3/qldbdriver"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/ledger"
)

// BenchmarkInsert measures transactions of one insert, on files: through the
// Go driver and this server, on the engine in process, and through the driver
// against a handler that does nothing but answer the same three requests.
// Client and server share this process; `tally bench` has them in two.
func BenchmarkInsert(b *testing.B) {
	for _, clients := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("driver/clients=%d", clients), func(b *testing.B) {
			s, url := startURL(b, server.Config{DataDir: b.TempDir()})
			if err := s.CreateLedger("bench", "ALLOW_ALL"); err != nil {
				b.Fatal(err)
			}
			d := benchDriver(b, url, clients)
			exec(b, d, "CREATE TABLE T")
			spread(b, clients, func(n int64) error { return benchInsert(b, d, n) })
		})
		b.Run(fmt.Sprintf("engine/clients=%d", clients), func(b *testing.B) {
			s, _ := startURL(b, server.Config{DataDir: b.TempDir()})
			if err := s.CreateLedger("bench", "ALLOW_ALL"); err != nil {
				b.Fatal(err)
			}
			l, err := s.Ledger("bench")
			if err != nil {
				b.Fatal(err)
			}
			insert := func(statement string, params ...any) error {
				return l.Execute(b.Context(), func(tx ledger.Transaction) error {
					_, err := tx.Execute(statement, params...)
					return err
				})
			}
			if err := insert("CREATE TABLE T"); err != nil {
				b.Fatal(err)
			}
			spread(b, clients, func(n int64) error { return insert("INSERT INTO T ?", benchDocument(n)) })
		})
		b.Run(fmt.Sprintf("empty/clients=%d", clients), func(b *testing.B) {
			hs := httptest.NewServer(http.HandlerFunc(emptyHandler))
			defer hs.Close()
			d := benchDriver(b, hs.URL, clients)
			spread(b, clients, func(n int64) error { return benchInsert(b, d, n) })
		})
	}
}

func benchDocument(n int64) map[string]any {
	return map[string]any{"n": n, "name": "a document of the benchmark", "tags": []string{"one", "two"}}
}

func benchDriver(b *testing.B, url string, clients int) *qldbdriver.QLDBDriver {
	session := qldbsession.New(qldbsession.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(url), HTTPClient: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}},
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	d, err := qldbdriver.New("bench", session, func(o *qldbdriver.DriverOptions) {
		o.LoggerVerbosity = qldbdriver.LogOff
		o.MaxConcurrentTransactions = clients
	})
	if err != nil {
		b.Fatal(err)
	}
	return d
}

func benchInsert(b *testing.B, d *qldbdriver.QLDBDriver, n int64) error {
	_, err := d.Execute(b.Context(), func(txn qldbdriver.Transaction) (any, error) { return rows(txn, "INSERT INTO T ?", benchDocument(n)) })
	return err
}

// spread has clients do b.N pieces of work.
func spread(b *testing.B, clients int, work func(n int64) error) {
	b.ReportAllocs()
	b.ResetTimer()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := work(n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// emptyHandler answers the session API without doing anything. A commit digest
// comes back as it was sent.
func emptyHandler(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	const id, timing = "0123456789012345678901", `"TimingInformation":{"ProcessingTimeMilliseconds":1}`
	row := base64.StdEncoding.EncodeToString([]byte{0xe0, 1, 0, 0xea, 0x21, 1})
	answer := `{"AbortTransaction":{` + timing + `}}`
	switch s := string(body); {
	case strings.Contains(s, `"StartSession"`):
		answer = `{"StartSession":{"SessionToken":"AAAAAAAAAAAA",` + timing + `}}`
	case strings.Contains(s, `"StartTransaction"`):
		answer = `{"StartTransaction":{"TransactionId":"` + id + `",` + timing + `}}`
	case strings.Contains(s, `"ExecuteStatement"`):
		answer = `{"ExecuteStatement":{"FirstPage":{"Values":[{"IonBinary":"` + row + `"}]},` + timing + `,"ConsumedIOs":{"ReadIOs":0,"WriteIOs":1}}}`
	case strings.Contains(s, `"CommitTransaction"`):
		_, digest, _ := strings.Cut(s, `"CommitDigest":"`)
		digest, _, _ = strings.Cut(digest, `"`)
		answer = `{"CommitTransaction":{"TransactionId":"` + id + `","CommitDigest":"` + digest + `",` + timing + `}}`
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_, _ = io.WriteString(w, answer)
}
