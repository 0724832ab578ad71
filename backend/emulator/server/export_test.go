package server

import (
	"context"
	"net"
	"sync"
	"time"
)

// WaitForExports waits until no export runs.
func (s *Server) WaitForExports() { s.exports.Wait() }

// HoldCommits makes commits of all ledgers wait until release is called. held is
// closed when the first one waits.
func (s *Server) HoldCommits() (held <-chan struct{}, release func()) {
	first, wait := make(chan struct{}), make(chan struct{})
	once := sync.OnceFunc(func() { close(first) })
	s.faults.DelayCommits(func() { once(); <-wait })
	return first, func() { close(wait) }
}

// DecodeBoth decodes the body of a command in the fast way, if that is for it,
// and with encoding/json.
func DecodeBoth(body []byte) (fast, slow any, ok bool, err error) {
	f, s := &sendCommand{}, &sendCommand{}
	ok = decodeFast(body, f)
	return f, s, ok, decodeBody(body, s)
}

// NewLazyConn is what Serve wraps around a connection.
func NewLazyConn(c net.Conn) net.Conn { return &lazyConn{Conn: c} }

// SessionCount is how many sessions have a token.
func (s *Server) SessionCount() int { return s.sessions.count() }

// Sweep does what the server does every few seconds.
func (s *Server) Sweep() {
	s.sweep(s.ctx)
	s.registry.sweep()
}

// BreakLedger makes every request for the ledger's journal panic.
func (s *Server) BreakLedger(name string) { s.registry.entries[name].engine = nil }

// DecodeStates is what reads server.json.
func DecodeStates(data []byte) error {
	_, err := decodeStates(data)
	return err
}

// AppendJSON is the down-conversion of exports.
var AppendJSON = appendJSON

// StateFile is the name of the file that the control plane keeps.
const StateFile = stateFile

// SplitStatements cuts a seed file into statements.
func SplitStatements(text string) (out []string) {
	for _, st := range splitStatements(text) {
		out = append(out, st.text)
	}
	return out
}

// SmallExports makes objects of exports end at so many blocks and bytes; 0 leaves
// either as it is.
func SmallExports(t ExportTarget, blocks, bytes int) ExportTarget {
	t.limits.blocks, t.limits.bytes = blocks, bytes
	return t
}

// ImpatientExports sets how long the first manifest may take, and one try of any
// other object.
func ImpatientExports(t ExportTarget, probe, put time.Duration) ExportTarget {
	t.limits.probe, t.limits.put = probe, put
	return t
}

// OpenExportDir opens a directory of exports; put stores an object of an export.
func OpenExportDir(dir string) (put func(id, bucket, key string, data []byte) error, err error) {
	t, err := openDirTarget(dir)
	return func(id, bucket, key string, data []byte) error {
		return t.put(context.Background(), &exportState{ID: id, Bucket: bucket}, key, data)
	}, err
}
