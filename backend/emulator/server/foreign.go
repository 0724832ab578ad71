package server

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// foreign says why a request is refused that a web page may have sent; "" where
// it is not. Where signatures are required pages cannot make them.
//
// A page of evil.example can have its name resolve to 127.0.0.1 and then calls
// this server as its own origin. SDKs send no Origin, and call a server on the
// loopback interface by a name or address of that interface.
func (s *Server) foreign(r *http.Request) string {
	if err := s.crossOrigin.Check(r); err != nil {
		return "A web page of another origin may not call this server"
	}
	if len(s.cfg.AccessKeys) > 0 {
		return ""
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		if u, err := url.Parse(origin); err != nil || !s.ownName(u.Host) {
			return "A web page of another origin may not call this server"
		}
	}
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if a, ok := local.(*net.TCPAddr); ok && a.IP.IsLoopback() && r.Host != "" && !s.ownName(r.Host) {
		return fmt.Sprintf("This server is not called %s; call it localhost or 127.0.0.1, or start it with that name allowed (--allow-host)", quote(r.Host))
	}
	return ""
}

// ownName reports whether a host, with or without port, cannot be a name that
// somebody else has made up.
func (s *Server) ownName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host) != nil ||
		slices.ContainsFunc(s.cfg.Hosts, func(h string) bool { return strings.EqualFold(h, host) })
}
