package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// stateFile holds what the control plane keeps. It is rewritten whole, to a
// temporary file that then takes its place: it is there as it was or as it is.
const stateFile = "server.json"

const stateFormat = 1

// ledgerState is what the control plane knows of a ledger and its file does
// not. It does not change once it is in the registry; see registry.update.
type ledgerState struct {
	Name      string
	Created   time.Time
	Mode      string // permissions mode
	Protected bool
	ActiveAt  *time.Time `json:",omitempty"` // CREATING until then
	GoneAt    *time.Time `json:",omitempty"` // DELETING until then
	Pending   bool       `json:",omitempty"` // its creation was not acknowledged

	// KmsKey is the ARN of the key, AWS_OWNED_KMS_KEY after an update to that one,
	// and "" where it was never given.
	KmsKey string `json:",omitempty"`

	// Tags of the ledger and what is in it, by the resource's part of the ARN.
	Tags    map[string]map[string]string `json:",omitempty"`
	Exports []*exportState               `json:",omitempty"`
	Streams []*streamState               `json:",omitempty"`
}

// ledgerView is a state with the status that the clock gives it.
type ledgerView struct {
	*ledgerState
	status string
}

func (st *ledgerState) gone(now time.Time) bool { return st.GoneAt != nil && !now.Before(*st.GoneAt) }

func (st *ledgerState) statusAt(now time.Time) string {
	switch {
	case st.GoneAt != nil:
		return stateDeleting
	case st.Pending, st.ActiveAt != nil && now.Before(*st.ActiveAt):
		return stateCreating
	}
	return stateActive
}

// clone is a copy that may be changed.
func (st *ledgerState) clone() *ledgerState {
	c := *st
	c.Tags = make(map[string]map[string]string, len(st.Tags))
	for k, v := range st.Tags {
		c.Tags[k] = maps.Clone(v)
	}
	c.Exports = slices.Clone(st.Exports)
	for i, x := range c.Exports {
		e := *x
		c.Exports[i] = &e
	}
	c.Streams = slices.Clone(st.Streams)
	for i, x := range c.Streams {
		e := *x
		c.Streams[i] = &e
	}
	return &c
}

type statesOnDisk struct {
	Format  int
	Ledgers map[string]*ledgerState
}

// save writes the states; a no-op in memory.
func (r *registry) save(states map[string]*ledgerState) error {
	if r.dir == "" {
		return nil
	}
	data, err := json.MarshalIndent(statesOnDisk{Format: stateFormat, Ledgers: states}, "", " ")
	if err != nil {
		return fmt.Errorf("server: writing %s: %w", stateFile, err)
	}
	if err := writeFile(filepath.Join(r.dir, stateFile), data); err != nil {
		return fmt.Errorf("server: writing %s: %w", stateFile, err)
	}
	return nil
}

// removeHalfWritten removes what writes of stateFile left that a crash cut short.
// The directory must be locked: a server that lives may be writing one.
func removeHalfWritten(dir string) error {
	if !dirsAreLocked {
		return nil
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range files {
		random, ok := strings.CutPrefix(f.Name(), "."+stateFile+".")
		if ok && random != "" && strings.Trim(random, "0123456789") == "" && f.Type().IsRegular() {
			errs = append(errs, os.Remove(filepath.Join(dir, f.Name())))
		}
	}
	return errors.Join(errs...)
}

// writeFile replaces a file: after it the new content is durable, before it
// and at a crash in between the old one is.
func writeFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename durable; where directories cannot be synced the
// rename is all there is.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, os.ErrInvalid) && !errors.Is(err, os.ErrPermission) {
		return err
	}
	return nil
}

func readStates(dir string) (map[string]*ledgerState, error) {
	data, err := os.ReadFile(filepath.Join(dir, stateFile))
	if errors.Is(err, os.ErrNotExist) {
		return map[string]*ledgerState{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("server: reading %s: %w", stateFile, err)
	}
	states, err := decodeStates(data)
	if err != nil {
		return nil, fmt.Errorf("server: %s: %w; put a copy of the file in its place, or remove it to take the ledgers in with the default settings", filepath.Join(dir, stateFile), err)
	}
	return states, nil
}

// decodeStates checks what it reads: names become paths, so none is trusted.
func decodeStates(data []byte) (map[string]*ledgerState, error) {
	var in statesOnDisk
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return nil, fmt.Errorf("not readable: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("more than one value")
	}
	if in.Format != stateFormat {
		return nil, fmt.Errorf("format %d, this program reads %d", in.Format, stateFormat)
	}
	if in.Ledgers == nil {
		in.Ledgers = map[string]*ledgerState{}
	}
	for name, st := range in.Ledgers {
		if why := nameProblem(name); why != "" {
			return nil, errors.New(why)
		}
		if st == nil || st.Name != name {
			return nil, fmt.Errorf("ledger %s has no state of its own", quote(name))
		}
		if _, ok := modes[st.Mode]; !ok {
			return nil, fmt.Errorf("ledger %s has the permissions mode %s, which there is not", quote(name), quote(st.Mode))
		}
		if slices.Contains(st.Exports, nil) || slices.Contains(st.Streams, nil) {
			return nil, fmt.Errorf("ledger %s has an export or stream that is null", quote(name))
		}
	}
	return in.Ledgers, nil
}
