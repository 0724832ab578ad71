package ledger

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Opener opens the ledger that a URL names.
type Opener func(ctx context.Context, u *url.URL) (Ledger, error)

var (
	openersMu sync.RWMutex
	openers   = map[string]Opener{}
)

// Register makes a backend available to [Open] under a URL scheme. Backends
// call it from init; a second registration of a scheme panics, since it is a
// mistake of the program.
func Register(scheme string, open Opener) {
	openersMu.Lock()
	defer openersMu.Unlock()
	if _, ok := openers[scheme]; ok {
		panic("ledger: scheme " + scheme + " is registered twice")
	}
	openers[scheme] = open
}

// Open opens the ledger that rawURL names. Its scheme picks the backend, which
// must have been imported: bolt:///path/file and memory: come with
// backend/emulator, qldb://name?region=… with backend/qldb. The backend's
// documentation lists the parameters.
func Open(ctx context.Context, rawURL string) (Ledger, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // without the text of the URL, which may hold a secret
		}
		return nil, fmt.Errorf("ledger: this is not a URL such as bolt:///path/file, memory: or qldb://name?region=…: %w", err)
	}
	openersMu.RLock()
	open, ok := openers[u.Scheme]
	openersMu.RUnlock()
	if !ok {
		return nil, fmt.Errorf("ledger: no backend for scheme %q of %q; %s", u.Scheme, u.Redacted(), known())
	}
	return open(ctx, u)
}

func known() string {
	openersMu.RLock()
	defer openersMu.RUnlock()
	if len(openers) == 0 {
		return "none is registered: import _ \"github.com/tallyledger/tally/backend/emulator\" for bolt and memory, or _ \"github.com/tallyledger/tally/backend/qldb\" for qldb"
	}
	names := make([]string, 0, len(openers))
	for s := range openers {
		names = append(names, s)
	}
	slices.Sort(names)
	return "registered are " + strings.Join(names, ", ")
}
