package qldb

import (
	"fmt"
	"time"

	"github.com/awslabs/amazon-qldb-driver-go/v3/qldbdriver"

	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// Gaps names what this backend lacks, by the capabilities of package
// ledger/conformance, with the reason.
func Gaps() map[string]string {
	return map[string]string{
		"annotated-true": "the QLDB driver for Go v3.0.1 cannot hash an annotated true; it is refused before it is sent",
	}
}

// driverParameters converts parameters to what the driver marshals: Ion values,
// which write themselves through ion-go's Marshaler.
func driverParameters(params []any) ([]any, error) {
	values, err := ledger.Parameters(params)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(values))
	for i, v := range values {
		if hasAnnotatedTrue(v) {
			return nil, fmt.Errorf("%w: parameter %d is or holds an annotated true, which the QLDB driver for Go v3.0.1 cannot hash; leave out the annotation, or put the value in the statement's text as an Ion literal", ledger.ErrUnsupported, i+1)
		}
		out[i] = v
	}
	return out, nil
}

// hasAnnotatedTrue finds the one kind of value that ion-go, and so the driver,
// cannot read back from binary.
func hasAnnotatedTrue(v ion.Value) bool {
	if b, ok := v.Bool(); ok {
		return b && len(v.Annotations()) > 0
	}
	if !v.Type().IsContainer() || v.IsNull() {
		return false
	}
	for it := v.Iter(); it.Next(); {
		if hasAnnotatedTrue(it.Value()) {
			return true
		}
	}
	return false
}

// rows reads the driver's result row by row: it fetches its pages itself and
// does not show where they begin.
type rows struct {
	tx    *transaction
	res   qldbdriver.Result
	buf   [1]ion.Value
	reads int64
	time  time.Duration
}

// more is the token of the next row; it only has to be other than "".
const more = "next"

// head is the page before the first row: the usage of the statement, no values.
func (r *rows) head() ledger.Page {
	p := ledger.Page{Token: more}
	r.addUsage(&p)
	return p
}

func (r *rows) next(string) (ledger.Page, error) {
	if err := r.tx.usable(); err != nil {
		return ledger.Page{}, err
	}
	if !r.res.Next(r.tx.tx) {
		if err := r.res.Err(); err != nil {
			return ledger.Page{}, mapError(err)
		}
		return ledger.Page{}, nil
	}
	v, err := ion.Parse(r.res.GetCurrentData())
	if err != nil {
		return ledger.Page{}, fmt.Errorf("qldb: the service sent a row that is not one Ion value: %w", err)
	}
	r.buf[0] = v
	p := ledger.Page{Values: r.buf[:], Token: more}
	r.addUsage(&p)
	return p, nil
}

// addUsage sets what was used since the last call: the driver gives sums.
func (r *rows) addUsage(p *ledger.Page) {
	if u := r.res.GetConsumedIOs(); u != nil { // it keeps the writes to itself
		now := *u.GetReadIOs()
		p.IO.ReadIOs = now - r.reads
		r.reads = now
	}
	if t := r.res.GetTimingInformation(); t != nil {
		now := time.Duration(*t.GetProcessingTimeMilliseconds()) * time.Millisecond
		p.Timing.Processing = now - r.time
		r.time = now
	}
}
