package server

import (
	"maps"
	"strings"

	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// maxTags is how many tags one resource has.
const maxTags = 50

// setTags adds tags to a resource; a key that is there gets the new value.
func (st *ledgerState) setTags(resource string, tags map[string]*string) {
	if len(tags) == 0 {
		return
	}
	if st.Tags == nil {
		st.Tags = map[string]map[string]string{}
	}
	of := st.Tags[resource]
	if of == nil {
		of = map[string]string{}
		st.Tags[resource] = of
	}
	for k, v := range tags {
		of[k] = ""
		if v != nil {
			of[k] = *v
		}
	}
}

// resource finds what an ARN names: the ledger that keeps its tags and its
// part of the ARN.
func (s *Server) resource(req *controlRequest) (name, resource string, err error) {
	if why := arnProblem(req.arn); why != "" {
		return "", "", errShape("ResourceArn", why)
	}
	none := errResource(resourceNotFound, "Resource", req.arn, "The resource %s is not found; ARNs of this server begin with %s", quote(req.arn), s.arn(""))
	resource, ok := strings.CutPrefix(req.arn, s.arn(""))
	if !ok {
		return "", "", none
	}
	parts := strings.Split(resource, "/")
	if len(parts) < 2 {
		return "", "", none
	}
	e, st := s.registry.get(parts[1])
	if e == nil || st.status == stateDeleting {
		return "", "", none
	}
	switch {
	case parts[0] == "ledger" && len(parts) == 2:
	case parts[0] == "ledger" && len(parts) == 4 && parts[2] == "table":
		ok, err = s.hasTable(req, e, parts[3])
	case parts[0] == "ledger" && len(parts) == 4 && parts[2] == "information_schema":
		ok = parts[3] == "user_tables"
	case parts[0] == "stream" && len(parts) == 3:
		ok = s.liveStream(st.ledgerState, parts[2]) != nil
	default:
		ok = false
	}
	if err == nil && !ok {
		err = none
	}
	return parts[1], resource, err
}

// hasTable reports whether the ledger has a table of that id, dropped or not.
func (s *Server) hasTable(req *controlRequest, e *entry, id string) (found bool, err error) {
	if e.failure != nil {
		return false, e.failure
	}
	err = e.engine.Execute(req.ctx, func(tx ledger.Transaction) error {
		found = false
		r, err := tx.Execute("SELECT VALUE tableId FROM information_schema.user_tables WHERE tableId = ?", ion.NewString(id))
		if err != nil {
			return err
		}
		found = r.Next()
		return r.Err()
	})
	return found, err
}

func (s *Server) tagResource(req *controlRequest) (any, error) {
	var in struct{ Tags map[string]*string }
	if err := req.decode(&in); err != nil {
		return nil, err
	}
	if in.Tags == nil {
		return nil, errInvalid("Tags", "Tags is missing")
	}
	if why := tagsProblem(in.Tags); why != "" {
		return nil, errShape("Tags", why)
	}
	name, resource, err := s.resource(req)
	if err != nil {
		return nil, err
	}
	err = s.registry.update(name, func(st *ledgerState) error {
		st.setTags(resource, in.Tags)
		if n := len(st.Tags[resource]); n > maxTags {
			return errInvalid("Tags", "A resource has at most %d tags, with these there would be %d", maxTags, n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return struct{}{}, nil
}

func (s *Server) untagResource(req *controlRequest) (any, error) {
	keys := req.query["tagKeys"]
	if len(keys) == 0 {
		return nil, errInvalid("TagKeys", "TagKeys is missing")
	}
	if len(keys) > maxTags {
		return nil, errInvalid("TagKeys", "A request takes at most %d tag keys, this one has %d", maxTags, len(keys))
	}
	for _, k := range keys {
		if why := tagKeyProblem(k); why != "" {
			return nil, errShape("TagKeys", why)
		}
	}
	name, resource, err := s.resource(req)
	if err != nil {
		return nil, err
	}
	err = s.registry.update(name, func(st *ledgerState) error {
		for _, k := range keys {
			delete(st.Tags[resource], k)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return struct{}{}, nil
}

func (s *Server) listTags(req *controlRequest) (any, error) {
	name, resource, err := s.resource(req)
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	if e, st := s.registry.get(name); e != nil {
		maps.Copy(tags, st.Tags[resource])
	}
	return map[string]any{"Tags": tags}, nil
}
