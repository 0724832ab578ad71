package server

import (
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/ledger"
)

// metrics are what /metrics shows: those of requests are counted here, those
// of ledgers are asked of the engines when somebody looks.
type metrics struct {
	server   *Server
	handler  http.Handler
	inFlight prometheus.Gauge
	panics   prometheus.Counter
	requests *prometheus.HistogramVec
	errors   *prometheus.CounterVec
	commits  *prometheus.HistogramVec
	groups   prometheus.Histogram
	writes   prometheus.Histogram
	byLedger []ledgerMetric
}

// ledgerMetric is one number of an engine's Stats.
type ledgerMetric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*emulator.Stats) float64
}

var latencies = prometheus.ExponentialBuckets(0.0001, 2, 18) // 0.1 ms to 13 s

func newMetrics(s *Server) *metrics {
	m := &metrics{
		server:   s,
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "tally_requests_in_flight", Help: "Requests that are being answered."}),
		panics:   prometheus.NewCounter(prometheus.CounterOpts{Name: "tally_panics_total", Help: "Requests that ended in a panic."}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "tally_request_seconds", Help: "Time to answer a request.", Buckets: latencies}, []string{"operation"}),
		errors:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tally_errors_total", Help: "Requests that were answered with an exception."}, []string{"operation", "exception"}),
		commits:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "tally_commit_seconds", Help: "Time of CommitTransaction, by outcome.", Buckets: latencies}, []string{"outcome"}),
		groups:   prometheus.NewHistogram(prometheus.HistogramOpts{Name: "tally_group_size", Help: "Transactions that one durable write held.", Buckets: prometheus.ExponentialBuckets(1, 2, 9)}),
		writes:   prometheus.NewHistogram(prometheus.HistogramOpts{Name: "tally_durable_write_seconds", Help: "Time of a durable write.", Buckets: latencies}),
		byLedger: ledgerMetrics(),
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(m.inFlight, m.panics, m.requests, m.errors, m.commits, m.groups, m.writes, (*ledgerCollector)(m))
	m.handler = promhttp.HandlerFor(reg, promhttp.HandlerOpts{})
	return m
}

func ledgerMetrics() []ledgerMetric {
	gauge, counter := prometheus.GaugeValue, prometheus.CounterValue
	list := []ledgerMetric{
		{ledgerDesc("tally_sessions", "Sessions that are open."), gauge, func(s *emulator.Stats) float64 { return float64(s.Sessions) }},
		{ledgerDesc("tally_open_transactions", "Transactions that are open."), gauge, func(s *emulator.Stats) float64 { return float64(s.Transactions) }},
		{ledgerDesc("tally_blocks", "Blocks in the journal."), gauge, func(s *emulator.Stats) float64 { return float64(s.Blocks) }},
		{ledgerDesc("tally_journal_bytes", "Size of the journal."), gauge, func(s *emulator.Stats) float64 { return float64(s.JournalBytes) }},
		{ledgerDesc("tally_store_bytes", "Size of the ledger's file."), gauge, func(s *emulator.Stats) float64 { return float64(s.StoreSize) }},
		{ledgerDesc("tally_result_bytes", "Memory and files held by results that are being read."), gauge, func(s *emulator.Stats) float64 { return float64(s.ResultBytes) }},
		{ledgerDesc("tally_durable_writes_total", "Durable writes."), counter, func(s *emulator.Stats) float64 { return float64(s.Groups) }},
	}
	for outcome, value := range map[string]func(*emulator.Stats) int64{
		"committed": func(s *emulator.Stats) int64 { return s.Committed },
		"conflict":  func(s *emulator.Stats) int64 { return s.Conflicts },
		"aborted":   func(s *emulator.Stats) int64 { return s.Aborted },
		"expired":   func(s *emulator.Stats) int64 { return s.Expired },
		"failed":    func(s *emulator.Stats) int64 { return s.Failed },
	} {
		desc := prometheus.NewDesc("tally_transactions_total", "Transactions that ended, by outcome.", []string{"ledger"}, prometheus.Labels{"outcome": outcome})
		list = append(list, ledgerMetric{desc, counter, func(s *emulator.Stats) float64 { return float64(value(s)) }})
	}
	return list
}

func ledgerDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, []string{"ledger"}, nil)
}

// ledgerCollector asks the engines.
type ledgerCollector metrics

// Describe names the metrics of ledgers.
func (c *ledgerCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range c.byLedger {
		ch <- m.desc
	}
}

// Collect asks every open ledger for its numbers.
func (c *ledgerCollector) Collect(ch chan<- prometheus.Metric) {
	for _, st := range c.server.registry.all() {
		e, _ := c.server.registry.get(st.Name)
		if e == nil || e.engine == nil || st.status == stateDeleting {
			continue
		}
		stats := e.engine.Stats()
		for _, m := range c.byLedger {
			ch <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value(&stats), st.Name)
		}
	}
}

// request counts a request that was answered.
func (m *metrics) request(c *call) {
	op := c.operation
	if op == "" {
		op = "none"
	}
	m.requests.WithLabelValues(op).Observe(time.Since(c.start).Seconds())
	if c.failed != "" {
		m.errors.WithLabelValues(op, c.failed).Inc()
	}
}

// commit counts a CommitTransaction by its outcome.
func (m *metrics) commit(c *call, err error) {
	outcome := "committed"
	switch {
	case errors.Is(err, ledger.ErrConflict):
		outcome = "conflict"
	case errors.Is(err, ledger.ErrOutcomeUnknown):
		outcome = "unknown"
	case err != nil:
		outcome = "failed"
	}
	m.commits.WithLabelValues(outcome).Observe(time.Since(c.start).Seconds())
}

// group is told of every durable write of every ledger.
func (m *metrics) group(size int, d time.Duration) {
	m.groups.Observe(float64(size))
	m.writes.Observe(d.Seconds())
}
