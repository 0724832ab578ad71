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
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/qldbsession"
	"github.com/awslabs/amazon-qldb-driver-go/v3/qldbdriver"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

// BenchmarkWire is one durable insert a transaction through the official Go
// driver: three requests, client and server in two processes. "empty" is the
// same client with a handler that reads the same three requests and answers them
// with constants; "engine" is the same transaction in process.
func BenchmarkWire(b *testing.B) {
	for _, n := range writers {
		b.Run(fmt.Sprintf("empty/clients=%d", n), func(b *testing.B) { wire(b, "empty", n) })
		b.Run(fmt.Sprintf("tally/clients=%d", n), func(b *testing.B) { wire(b, "tally", n) })
		b.Run(fmt.Sprintf("engine/clients=%d", n), func(b *testing.B) { insertTally(b, n, 0) })
	}
}

func sessionClient(url string, n int) *qldbsession.Client {
	t := http.DefaultTransport.(*http.Transport)
	t.MaxIdleConnsPerHost, t.MaxIdleConns = n, n
	return qldbsession.New(qldbsession.Options{Region: "us-east-1", BaseEndpoint: aws.String(url), HTTPClient: servertest.WholeBodies{},
		Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")})
}

// wire runs the transactions against a child, through the driver.
func wire(b *testing.B, child string, n int) {
	url, stop := startChild(b, child)
	insert, end := wireInsert(b, url, n)
	parallel(b, n, insert)
	end()
	b.ReportMetric(float64(stop().Microseconds())/float64(b.N), "server-µs/tx")
}

// wireInsert is the transaction, for n clients at once.
func wireInsert(b *testing.B, url string, n int) (insert func() error, end func()) {
	d, err := qldbdriver.New("bench", sessionClient(url, n), func(o *qldbdriver.DriverOptions) {
		o.LoggerVerbosity, o.MaxConcurrentTransactions = qldbdriver.LogOff, n
	})
	if err != nil {
		b.Fatal(err)
	}
	insert = func() error {
		doc := document(next.Add(1))
		_, err := d.Execute(ctx, func(tx qldbdriver.Transaction) (any, error) {
			return tx.Execute("INSERT INTO VehicleRegistration ?", doc)
		})
		return err
	}
	return insert, func() { d.Shutdown(ctx) }
}

// startChild starts this binary as a server. stop ends it and returns the time
// that its process had on a CPU, in user and system mode.
func startChild(b *testing.B, what string) (url string, stop func() time.Duration) {
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
	stop = sync.OnceValue(func() time.Duration {
		_ = in.Close()
		_ = cmd.Wait()
		return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	})
	b.Cleanup(func() { stop() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line), stop
}

// runChild is the server process; it ends when its standard input does. With
// BENCH_PROFILE it writes its CPU profile to the file of that name and a dot and
// what it is.
func runChild(what string) error {
	if path := os.Getenv("BENCH_PROFILE"); path != "" {
		f, err := os.Create(path + "." + what)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); stop() }()
	fmt.Printf("http://%s\n", l.Addr())
	if what == "empty" || what == "writing" {
		h := &emptyHandler{}
		if what == "writing" {
			if h.file, err = newFile(filepath.Join(os.Getenv("BENCH_DIR"), "sync"), youngPages<<12); err != nil {
				return err
			}
		}
		hs := &http.Server{Handler: h}
		go func() { <-ctx.Done(); _ = hs.Close() }()
		_ = hs.Serve(l)
		return nil
	}
	server.TuneGC() // as tally serve does
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

// emptyHandler reads a request and answers with constants. A commit digest comes
// back as it was sent, since the driver compares. With a file, which is for one
// client, a commit makes durable what the group of an insert would.
type emptyHandler struct {
	file    *os.File
	commits int
}

func (h *emptyHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	const id, timing = "0007KbqoyqAIch6XRbQ4iA", `"TimingInformation":{"ProcessingTimeMilliseconds":1}`
	var answer string
	switch s := string(body); {
	case strings.Contains(s, `"StartTransaction"`):
		answer = `{"StartTransaction":{"TransactionId":"` + id + `",` + timing + `}}`
	case strings.Contains(s, `"ExecuteStatement"`):
		answer = `{"ExecuteStatement":{"FirstPage":{"Values":[{"IonBinary":"4AEA6g8="}]},` + timing + `,"ConsumedIOs":{"ReadIOs":0,"WriteIOs":1}}}`
	case strings.Contains(s, `"CommitTransaction"`):
		_, digest, _ := strings.Cut(s, `"CommitDigest":"`)
		digest, _, _ = strings.Cut(digest, `"`)
		if h.commits++; h.file != nil {
			if err := writeGroup(h.file, youngPages, h.commits); err != nil {
				panic(err)
			}
		}
		answer = `{"CommitTransaction":{"TransactionId":"` + id + `","CommitDigest":"` + digest + `",` + timing + `}}`
	case strings.Contains(s, `"StartSession"`):
		answer = `{"StartSession":{"SessionToken":"c2Vzc2lvbi10b2tlbg==",` + timing + `}}`
	default:
		answer = `{"AbortTransaction":{` + timing + `},"EndSession":{` + timing + `}}`
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_, _ = io.WriteString(w, answer)
}
