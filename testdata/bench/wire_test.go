//lint:file-ignore SA1019 the service has ended; its clients are what is measured

package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/qldbsession"
	"github.com/aws/aws-sdk-go-v2/service/qldbsession/types"
	"github.com/awslabs/amazon-qldb-driver-go/v3/qldbdriver"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

// BenchmarkWire is one durable insert a transaction through the official Go
// driver: three requests, client and server in two processes. "empty" is a
// handler that reads the same three requests, sent by the same SDK client, and
// answers them with constants.
func BenchmarkWire(b *testing.B) {
	for _, n := range writers {
		b.Run(fmt.Sprintf("empty/clients=%d", n), func(b *testing.B) { wireEmpty(b, n) })
		b.Run(fmt.Sprintf("tally/clients=%d", n), func(b *testing.B) { wireTally(b, n) })
		b.Run(fmt.Sprintf("engine/clients=%d", n), func(b *testing.B) { insertTally(b, n, 0) })
	}
}

func sessionClient(url string, n int) *qldbsession.Client {
	t := http.DefaultTransport.(*http.Transport)
	t.MaxIdleConnsPerHost, t.MaxIdleConns = n, n
	return qldbsession.New(qldbsession.Options{Region: "us-east-1", BaseEndpoint: aws.String(url), HTTPClient: servertest.WholeBodies{},
		Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")})
}

func wireTally(b *testing.B, n int) {
	url := startChild(b, "tally")
	d, err := qldbdriver.New("bench", sessionClient(url, n), func(o *qldbdriver.DriverOptions) {
		o.LoggerVerbosity, o.MaxConcurrentTransactions = qldbdriver.LogOff, n
	})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Shutdown(context.Background())
	parallel(b, n, func() error {
		doc := document(next.Add(1))
		_, err := d.Execute(context.Background(), func(tx qldbdriver.Transaction) (any, error) {
			return tx.Execute("INSERT INTO VehicleRegistration ?", doc)
		})
		return err
	})
}

func wireEmpty(b *testing.B, n int) {
	c := sessionClient(startChild(b, "empty"), n)
	token, tx := aws.String("c2Vzc2lvbi10b2tlbg=="), aws.String("0007KbqoyqAIch6XRbQ4iA")
	parallel(b, n, func() error {
		doc := document(next.Add(1)).Encode()
		for _, in := range []*qldbsession.SendCommandInput{
			{SessionToken: token, StartTransaction: &types.StartTransactionRequest{}},
			{SessionToken: token, ExecuteStatement: &types.ExecuteStatementRequest{TransactionId: tx, Statement: aws.String("INSERT INTO VehicleRegistration ?"),
				Parameters: []types.ValueHolder{{IonBinary: doc}}}},
			{SessionToken: token, CommitTransaction: &types.CommitTransactionRequest{TransactionId: tx, CommitDigest: make([]byte, 32)}},
		} {
			if _, err := c.SendCommand(context.Background(), in); err != nil {
				return err
			}
		}
		return nil
	})
}

// startChild starts this binary as a server and returns its URL.
func startChild(b *testing.B, what string) string {
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "BENCH_CHILD="+what, "BENCH_DIR="+b.TempDir())
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// runChild is the server process; it ends when its standard input does.
func runChild(what string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); stop() }()
	fmt.Printf("http://%s\n", l.Addr())
	if what == "empty" {
		hs := &http.Server{Handler: &emptyHandler{}}
		go func() { <-ctx.Done(); _ = hs.Close() }()
		_ = hs.Serve(l)
		return nil
	}
	s, err := server.New(server.Config{DataDir: filepath.Join(os.Getenv("BENCH_DIR"), "ledgers")})
	if err != nil {
		return err
	}
	script := filepath.Join(os.Getenv("BENCH_DIR"), "tables.sql")
	err = os.WriteFile(script, []byte("CREATE TABLE VehicleRegistration; CREATE INDEX ON VehicleRegistration (VIN);"), 0o600)
	if err == nil {
		err = s.Seed(ctx, "bench", "ALLOW_ALL", script)
	}
	if err != nil {
		return err
	}
	if err := s.Serve(ctx, l, nil); err != nil {
		return err
	}
	return s.Close()
}

// emptyHandler reads a request and answers with a constant.
type emptyHandler struct{}

func (h *emptyHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	switch s := string(body); {
	case strings.Contains(s, `"ExecuteStatement"`):
		_, _ = io.WriteString(w, `{"ExecuteStatement":{"FirstPage":{"Values":[{"IonBinary":"4AEA6g8="}]},"TimingInformation":{"ProcessingTimeMilliseconds":1},"ConsumedIOs":{"ReadIOs":0,"WriteIOs":1}}}`)
	case strings.Contains(s, `"CommitTransaction"`):
		_, _ = io.WriteString(w, `{"CommitTransaction":{"TransactionId":"0007KbqoyqAIch6XRbQ4iA","CommitDigest":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","TimingInformation":{"ProcessingTimeMilliseconds":1}}}`)
	default:
		_, _ = io.WriteString(w, `{"StartTransaction":{"TransactionId":"0007KbqoyqAIch6XRbQ4iA","TimingInformation":{"ProcessingTimeMilliseconds":1}}}`)
	}
}
