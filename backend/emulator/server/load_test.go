//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package server_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/qldbsession"
	"github.com/awslabs/amazon-qldb-driver-go/v3/qldbdriver"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/hashchain"
)

var loadTime = flag.Duration("load", time.Second, "how long each half of TestLoad runs")

const loadClients = 64

// killer breaks connections of the clients at random.
type killer struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
	kills atomic.Int64
}

func (k *killer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	k.conns[c] = struct{}{}
	k.mu.Unlock()
	return c, nil
}

// run closes a connection every few milliseconds until ctx ends.
func (k *killer) run(ctx context.Context) {
	for ctx.Err() == nil {
		time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
		k.mu.Lock()
		for c := range k.conns { // any one
			_ = c.Close()
			delete(k.conns, c)
			k.kills.Add(1)
			break
		}
		k.mu.Unlock()
	}
}

// load is what clients were told about their inserts.
type load struct {
	next          atomic.Int64
	mu            sync.Mutex
	acknowledged  map[int64]bool // true: the driver said committed; false: it said neither
	errors, count int
}

// work inserts documents with numbers of their own until ctx ends.
func (l *load) work(ctx context.Context, d *qldbdriver.QLDBDriver) {
	for ctx.Err() == nil {
		n := l.next.Add(1)
		_, err := d.Execute(context.Background(), func(txn qldbdriver.Transaction) (any, error) {
			return rows(txn, "INSERT INTO Load ?", map[string]int64{"n": n})
		})
		l.mu.Lock()
		l.acknowledged[n] = err == nil
		l.count++
		if err != nil {
			l.errors++
		}
		l.mu.Unlock()
	}
}

// TestLoad has 64 clients insert while their connections are broken at random.
// From the journal: nothing that was acknowledged is lost or there twice, the
// chain holds, and afterwards the server is as small as before. For a longer
// run: go test -run TestLoad -load 30s.
func TestLoad(t *testing.T) {
	s, address, _ := serving(t, server.Config{DataDir: t.TempDir(), TestControls: true}, nil)
	if err := s.CreateLedger("load", "ALLOW_ALL"); err != nil {
		t.Fatal(err)
	}
	exec(t, driverAt(t, "http://"+address, "load"), "CREATE TABLE Load")
	l := &load{acknowledged: map[int64]bool{}}
	half := func() (heap uint64, goroutines int) {
		runLoad(t, address, l)
		if err := s.Advance(time.Hour); err != nil {
			t.Fatal(err)
		}
		s.Sweep()
		return settled(t, s)
	}
	heap1, goroutines1 := half()
	heap2, goroutines2 := half()
	t.Logf("%d transactions, %d of them with an error; heap %d and %d KiB, goroutines %d and %d", l.count, l.errors, heap1>>10, heap2>>10, goroutines1, goroutines2)
	const room = 32 << 20
	if heap2 > heap1+room || goroutines2 > goroutines1+10 {
		t.Errorf("the server grew: heap from %d to %d bytes, goroutines from %d to %d", heap1, heap2, goroutines1, goroutines2)
	}
	engine, err := s.Ledger("load")
	if err != nil {
		t.Fatal(err)
	}
	checkLoad(t, engine, l)
}

func runLoad(t *testing.T, address string, l *load) {
	ctx, cancel := context.WithTimeout(t.Context(), *loadTime)
	defer cancel()
	k := &killer{conns: map[net.Conn]struct{}{}}
	transport := &http.Transport{DialContext: k.dial, MaxIdleConnsPerHost: loadClients}
	session := qldbsession.New(qldbsession.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + address), HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	var wg sync.WaitGroup
	wg.Go(func() { k.run(ctx) })
	for range loadClients {
		d, err := qldbdriver.New("load", session, func(o *qldbdriver.DriverOptions) { o.LoggerVerbosity = qldbdriver.LogOff })
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() { l.work(ctx, d) })
	}
	wg.Wait()
	transport.CloseIdleConnections()
	t.Logf("%d connections were broken", k.kills.Load())
}

// settled waits until the server's connections have ended and measures it.
func settled(t *testing.T, s *server.Server) (heap uint64, goroutines int) {
	t.Helper()
	if n := s.SessionCount(); n != 0 {
		t.Errorf("%d sessions are kept an hour after the load", n)
	}
	last := runtime.NumGoroutine()
	for range 100 { // connections close in the background
		time.Sleep(10 * time.Millisecond)
		if goroutines = runtime.NumGoroutine(); goroutines >= last && goroutines < loadClients {
			break
		}
		last = goroutines
	}
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, goroutines
}

func checkLoad(t *testing.T, engine *emulator.Ledger, l *load) {
	t.Helper()
	digest, err := engine.Digest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v := hashchain.NewVerifier(hashchain.VerifyOptions{Digest: &hashchain.Digest{Hash: digest.Hash, Tip: digest.Tip}})
	times := map[int64]int{}
	for block, err := range engine.Journal(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		v.Add(block)
		revisions, _ := block.Field("revisions")
		for r := range revisions.Elements() {
			f, _ := r.Path("data", "n")
			if n, ok := f.Int64(); ok {
				times[n]++
			}
		}
	}
	if rep := v.Finish(); !rep.OK() || !rep.DigestChecked {
		t.Errorf("the journal does not verify: %+v", rep)
	}
	for n, told := range l.acknowledged {
		if told && times[n] == 0 {
			t.Errorf("document %d was acknowledged and is lost", n)
		}
		if times[n] > 1 {
			t.Errorf("document %d is there %d times", n, times[n])
		}
	}
	if len(times) == 0 || l.errors == 0 {
		t.Errorf("%d documents and %d errors: there was no load, or nothing was broken", len(times), l.errors)
	}
}
