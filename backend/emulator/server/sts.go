package server

import (
	"fmt"
	"net/http"
	"net/url"
)

// serveIdentity answers the one call of AWS's Security Token Service that
// infrastructure tools make when all services have this server's address.
func (s *Server) serveIdentity(w http.ResponseWriter, c *call) {
	form, err := url.ParseQuery(string(c.body))
	if err != nil || form.Get("Action") != "GetCallerIdentity" {
		s.writeError(w, c, errUnknownOperation("The action %s is not one of this service; of the Security Token Service it answers GetCallerIdentity only", quote(form.Get("Action"))))
		return
	}
	c.operation = "GetCallerIdentity"
	body := fmt.Sprintf(`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">`+
		`<GetCallerIdentityResult><Arn>arn:aws:iam::%[1]s:user/tally</Arn><UserId>AIDATALLYLOCAL000000</UserId><Account>%[1]s</Account></GetCallerIdentityResult>`+
		`<ResponseMetadata><RequestId>%[2]s</RequestId></ResponseMetadata></GetCallerIdentityResponse>`, s.cfg.Account, c.id)
	w.Header().Set("Content-Type", "text/xml")
	c.answered = true
	_, _ = w.Write([]byte(body))
}
