package server

import (
	"encoding/base64"
	"strings"

	"github.com/tallyledger/tally/backend/emulator"
)

const ownedKey = "AWS_OWNED_KMS_KEY"

// ledgerAnswer is what Create, Describe, Update and UpdatePermissionsMode
// answer; each fills in its own fields.
type ledgerAnswer struct {
	Name                  string
	Arn                   string
	State                 string    `json:",omitempty"`
	CreationDateTime      *epoch    `json:",omitempty"`
	PermissionsMode       string    `json:",omitempty"`
	DeletionProtection    *bool     `json:",omitempty"`
	KmsKeyArn             string    `json:",omitempty"`
	EncryptionDescription *keyInUse `json:",omitempty"`
}

type keyInUse struct{ KmsKeyArn, EncryptionStatus string }

func (s *Server) arn(resource string) string {
	return "arn:aws:qldb:" + s.cfg.Region + ":" + s.cfg.Account + ":" + resource
}

func (s *Server) describe(st ledgerView) *ledgerAnswer {
	a := &ledgerAnswer{
		Name: st.Name, Arn: s.arn("ledger/" + st.Name), State: st.status, CreationDateTime: &epoch{st.Created},
		DeletionProtection: &st.Protected,
	}
	if st.KmsKey != "" {
		a.EncryptionDescription = &keyInUse{st.KmsKey, "ENABLED"}
	}
	return a
}

// modes are the permissions modes by their names.
var modes = map[string]emulator.Mode{"ALLOW_ALL": emulator.AllowAll, "STANDARD": emulator.Standard}

func checkMode(mode *string) (string, error) {
	if mode == nil {
		return "", errInvalid("PermissionsMode", "PermissionsMode is missing; it is ALLOW_ALL or STANDARD")
	}
	if _, ok := modes[*mode]; !ok {
		return "", errInvalid("PermissionsMode", "PermissionsMode is ALLOW_ALL or STANDARD, not %s", quote(*mode))
	}
	return *mode, nil
}

func (s *Server) createLedger(req *controlRequest) (any, error) {
	var in struct {
		Name, PermissionsMode, KmsKey *string
		DeletionProtection            *bool
		Tags                          map[string]*string
	}
	if err := req.decode(&in); err != nil {
		return nil, err
	}
	if in.Name == nil {
		return nil, errInvalid("Name", "Name is missing")
	}
	if why := nameProblem(*in.Name); why != "" {
		return nil, errShape("Name", why)
	}
	mode, err := checkMode(in.PermissionsMode)
	if err != nil {
		return nil, err
	}
	if why := tagsProblem(in.Tags); why != "" {
		return nil, errShape("Tags", why)
	}
	now := s.cfg.Clock()
	st := &ledgerState{Name: *in.Name, Created: now, Mode: mode, Protected: in.DeletionProtection == nil || *in.DeletionProtection}
	if st.KmsKey, err = s.kmsKey(in.KmsKey); err != nil {
		return nil, err
	}
	if st.KmsKey == ownedKey {
		st.KmsKey = "" // shown only after a change to it
	}
	if s.cfg.CreateDelay > 0 {
		at := now.Add(s.cfg.CreateDelay)
		st.ActiveAt = &at
	}
	if len(in.Tags) > 0 {
		st.setTags("ledger/"+st.Name, nil, in.Tags)
	}
	if err := s.registry.create(st, func() error { return s.mayCreate(st.Name) }, nil); err != nil {
		return nil, err
	}
	s.log.Info("ledger created", "ledger", st.Name, "mode", st.Mode)
	a := s.describe(ledgerView{st, stateCreating})
	a.EncryptionDescription, a.KmsKeyArn, a.PermissionsMode = nil, st.KmsKey, st.Mode
	return a, nil
}

// mayCreate runs while nothing else can change the registry.
func (s *Server) mayCreate(name string) error {
	if e, st := s.registry.get(name); e != nil {
		if st.status == stateDeleting {
			return errResource(resourceInUse, kindLedger, name, "Ledger is being deleted: the name %s is free when that is done", name)
		}
		return errResource(resourceExists, kindLedger, name, "The Ledger with name %s already exists", name)
	}
	if n := len(s.registry.all()); n >= s.cfg.Limits.Ledgers {
		return errResource(limitExceeded, kindLedger, "", "Exceeded the limit of %d ledgers of this server; delete one or raise the limit", s.cfg.Limits.Ledgers)
	}
	return nil
}

func (s *Server) describeLedger(req *controlRequest) (any, error) {
	e, st := s.registry.get(req.name)
	if e == nil {
		return nil, errNoLedger(req.name)
	}
	a := s.describe(st)
	a.PermissionsMode = st.Mode
	return a, nil
}

func (s *Server) updateLedger(req *controlRequest) (any, error) {
	var in struct {
		DeletionProtection *bool
		KmsKey             *string
	}
	if err := req.decode(&in); err != nil {
		return nil, err
	}
	key, err := s.kmsKey(in.KmsKey)
	if err != nil {
		return nil, err
	}
	if in.DeletionProtection != nil || key != "" {
		err = s.registry.update(req.name, func(st *ledgerState) error {
			if in.DeletionProtection != nil {
				st.Protected = *in.DeletionProtection
			}
			if key != "" {
				st.KmsKey = key
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	e, st := s.registry.get(req.name)
	if e == nil || st.status == stateDeleting {
		return nil, errNoLedger(req.name)
	}
	return s.describe(st), nil
}

func (s *Server) updatePermissionsMode(req *controlRequest) (any, error) {
	var in struct{ PermissionsMode *string }
	if err := req.decode(&in); err != nil {
		return nil, err
	}
	mode, err := checkMode(in.PermissionsMode)
	if err != nil {
		return nil, err
	}
	if err := s.registry.setMode(req.name, mode); err != nil {
		return nil, err
	}
	return &ledgerAnswer{Name: req.name, Arn: s.arn("ledger/" + req.name), PermissionsMode: mode}, nil
}

func (s *Server) deleteLedger(req *controlRequest) (any, error) {
	name := req.name
	e, err := s.registry.delete(name, s.cfg.Clock().Add(s.cfg.DeleteDelay), func(st ledgerView) error {
		switch {
		case st.status == stateCreating:
			return errResource(resourceInUse, kindLedger, name, "Ledger is being created: %s cannot be deleted before it is ACTIVE", name)
		case st.status == stateDeleting:
			return errResource(resourceInUse, kindLedger, name, "Ledger is being deleted: %s", name)
		case st.Protected:
			return errResource(preconditionUnmet, kindLedger, name, "Deletion protection is enabled for the Ledger with name %s; disable it with UpdateLedger before you delete the ledger", name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.sessions.take(func(l *liveSession) bool { return l.ledger == e })
	s.log.Info("ledger deleted", "ledger", name)
	return nil, nil
}

func (s *Server) listLedgers(req *controlRequest) (any, error) {
	page, next, err := listing(req, s.registry.all(), func(st ledgerView) string { return st.Name })
	if err != nil {
		return nil, err
	}
	type summary struct {
		Name, State      string
		CreationDateTime epoch
	}
	out := struct {
		Ledgers   []summary
		NextToken string `json:",omitempty"`
	}{Ledgers: make([]summary, 0, len(page)), NextToken: next}
	for _, st := range page {
		out.Ledgers = append(out.Ledgers, summary{st.Name, st.status, epoch{st.Created}})
	}
	return out, nil
}

// Page tokens hold the last key; "p:" keeps them above 4 characters.
func encodePageToken(last string) string {
	return base64.StdEncoding.EncodeToString([]byte("p:" + last))
}

func decodePageToken(token string) (last string, ok bool) {
	if !validToken(token) {
		return "", false
	}
	b, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return "", false
	}
	return strings.CutPrefix(string(b), "p:")
}
