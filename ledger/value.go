package ledger

import (
	"fmt"
	"time"

	"github.com/tallyledger/tally/hashchain/ion"
)

// IOUsage counts what statements read and wrote. ReadIOs is one for each
// document read; WriteIOs says little.
type IOUsage struct {
	ReadIOs, WriteIOs int64
}

// Add adds u to the usage.
func (o *IOUsage) Add(u IOUsage) { o.ReadIOs += u.ReadIOs; o.WriteIOs += u.WriteIOs }

// Timing is how long the service worked on a request.
type Timing struct {
	Processing time.Duration
}

// Page is a part of a result: at most 200 values, in order.
type Page struct {
	// Values are the rows, each one complete Ion value.
	Values []ion.Value
	// Token asks for the next page; "" on the last.
	Token  string
	IO     IOUsage
	Timing Timing
}

// Parameters converts the parameters of a statement to Ion: an [ion.Value] is
// taken as it is, everything else as [ion.Marshal] does it.
func Parameters(params []any) ([]ion.Value, error) {
	if len(params) == 0 {
		return nil, nil
	}
	out := make([]ion.Value, len(params))
	for i, p := range params {
		v, err := ion.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("ledger: parameter %d of type %T cannot be written as Ion: %w", i+1, p, err)
		}
		out[i] = v
	}
	return out, nil
}
