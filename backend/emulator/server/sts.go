package server

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tallyledger/tally/ledger"
)

// serveIdentity answers the one call of AWS's Security Token Service that
// infrastructure tools make when all services have this server's address.
func (s *Server) serveIdentity(w http.ResponseWriter, c *call) {
	form, err := url.ParseQuery(string(c.body))
	if err != nil || form.Get("Action") != "GetCallerIdentity" {
		s.writeError(w, c, ledger.NewError(invalidAction, "", fmt.Sprintf("The action %s is not one of this service; of the Security Token Service it answers GetCallerIdentity only", quote(form.Get("Action")))))
		return
	}
	c.operation = "GetCallerIdentity"
	body := fmt.Sprintf(`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">`+
		`<GetCallerIdentityResult><Arn>arn:aws:iam::%[1]s:user/tally</Arn><UserId>AIDATALLYLOCAL000000</UserId><Account>%[1]s</Account></GetCallerIdentityResult>`+
		`<ResponseMetadata><RequestId>%[2]s</RequestId></ResponseMetadata></GetCallerIdentityResponse>`, s.cfg.Account, c.id)
	c.write(w, http.StatusOK, []byte(body))
}

// invalidAction is that service's name for an operation that it does not have.
const invalidAction = "InvalidAction"

// isIdentity reports whether a request is one of that service's, by its form.
func isIdentity(r *http.Request) bool {
	return r.Header.Get("X-Amz-Target") == "" && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// identityError is the body of an error as clients of that service read it.
type identityError struct {
	XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
	Error   struct{ Type, Code, Message string }
	ID      string `xml:"RequestId"`
}

func (c *call) identityError(name, message string, status int) []byte {
	e := identityError{ID: c.id}
	e.Error.Type, e.Error.Code, e.Error.Message = "Sender", name, message
	if status >= http.StatusInternalServerError {
		e.Error.Type = "Receiver"
	}
	out, _ := xml.Marshal(e) // strings always marshal
	return out
}
