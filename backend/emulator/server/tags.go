package server

import (
	"maps"
	"strings"
)

// maxTags is how many tags one resource has.
const maxTags = 50

// setTags adds tags to a resource; a key that is there gets the new value. The
// tags that a table has from its creation are the ledger's to keep until the first
// change to them: see Server.tagsOf.
func (st *ledgerState) setTags(resource string, created map[string]string, tags map[string]*string) {
	of := st.tagsToChange(resource, created)
	for k, v := range tags {
		of[k] = ""
		if v != nil {
			of[k] = *v
		}
	}
}

// tagged is what an ARN names.
type tagged struct {
	ledger   string            // that keeps its tags
	resource string            // its part of the ARN
	created  map[string]string // the tags that CREATE TABLE gave it
}

// resource finds what an ARN names.
func (s *Server) resource(req *controlRequest) (of tagged, err error) {
	if why := arnProblem(req.arn); why != "" {
		return of, errShape("ResourceArn", why)
	}
	none := errResource(resourceNotFound, "Resource", req.arn, "The resource %s is not found; ARNs of this server begin with %s", quote(req.arn), s.arn(""))
	resource, ok := strings.CutPrefix(req.arn, s.arn(""))
	if !ok {
		return of, none
	}
	parts := strings.Split(resource, "/")
	if len(parts) < 2 {
		return of, none
	}
	e, st := s.registry.get(parts[1])
	if e == nil || st.status == stateDeleting {
		return of, none
	}
	of.ledger, of.resource = parts[1], resource
	switch {
	case parts[0] == "ledger" && len(parts) == 2:
	case parts[0] == "ledger" && len(parts) == 4 && parts[2] == "table":
		of.created, ok, err = tableTags(e, parts[3])
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
	return of, err
}

// tableTags are the tags that a table has from its creation. ok is false where
// the ledger has no table of that id, dropped or not.
func tableTags(e *entry, id string) (tags map[string]string, ok bool, err error) {
	if e.failure != nil {
		return nil, false, e.failure
	}
	tags, ok = e.engine.TableTags(id)
	return tags, ok, nil
}

// tagsOf are the tags of a resource: those kept here, or where nothing was ever
// changed those that CREATE TABLE gave it.
func (st *ledgerState) tagsOf(resource string, created map[string]string) map[string]string {
	if of := st.Tags[resource]; of != nil {
		return of
	}
	return created
}

// tagsToChange are the tags of a resource, kept here from now on.
func (st *ledgerState) tagsToChange(resource string, created map[string]string) map[string]string {
	of := st.Tags[resource]
	if of == nil {
		if of = maps.Clone(created); of == nil {
			of = map[string]string{}
		}
		if st.Tags == nil {
			st.Tags = map[string]map[string]string{}
		}
		st.Tags[resource] = of
	}
	return of
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
	of, err := s.resource(req)
	if err != nil {
		return nil, err
	}
	err = s.registry.update(of.ledger, func(st *ledgerState) error {
		st.setTags(of.resource, of.created, in.Tags)
		if n := len(st.Tags[of.resource]); n > maxTags {
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
	of, err := s.resource(req)
	if err != nil {
		return nil, err
	}
	err = s.registry.update(of.ledger, func(st *ledgerState) error {
		tags := st.tagsToChange(of.resource, of.created)
		for _, k := range keys {
			delete(tags, k)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return struct{}{}, nil
}

func (s *Server) listTags(req *controlRequest) (any, error) {
	of, err := s.resource(req)
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	if e, st := s.registry.get(of.ledger); e != nil {
		maps.Copy(tags, st.tagsOf(of.resource, of.created))
	}
	return map[string]any{"Tags": tags}, nil
}
