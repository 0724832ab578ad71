package ledgerstack

import (
	"encoding/json"
	"fmt"
	"strings"
)

// document is an IAM policy document.
type document struct {
	Version   string
	Statement []statement
}

// statement is one statement of a policy document.
type statement struct {
	Sid       string
	Effect    string
	Principal map[string][]string `json:",omitempty"`
	Action    []string
	Resource  []string             `json:",omitempty"`
	Condition map[string]condition `json:",omitempty"`
}

// condition is the operands of one condition operator: key to allowed values.
type condition map[string][]string

// policyVersion is the current version of IAM's policy language.
const policyVersion = "2012-10-17"

func newDocument(statements ...statement) document {
	return document{Version: policyVersion, Statement: statements}
}

// text is the document as IAM takes it. The types above always marshal.
func (d document) text() (string, error) {
	b, err := json.Marshal(d)
	return string(b), err
}

// ledgerARN is a ledger's ARN in its parts, the root of every other ARN here.
type ledgerARN struct {
	partition, region, account, name string
}

// parseLedgerARN takes apart arn:{partition}:qldb:{region}:{account}:ledger/{name}.
func parseLedgerARN(text string) (ledgerARN, error) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "qldb" || !strings.HasPrefix(parts[5], "ledger/") {
		return ledgerARN{}, fmt.Errorf("%q is not a ledger's ARN (arn:aws:qldb:REGION:ACCOUNT:ledger/NAME): the endpoint does not answer as QLDB does", text)
	}
	a := ledgerARN{partition: parts[1], region: parts[3], account: parts[4], name: strings.TrimPrefix(parts[5], "ledger/")}
	if rule := nameRule(a.name); rule != "" {
		return ledgerARN{}, fmt.Errorf("%q is not a ledger's ARN: %s", text, rule)
	}
	return a, nil
}

func (a ledgerARN) scope() string {
	return "arn:" + a.partition + ":qldb:" + a.region + ":" + a.account
}

func (a ledgerARN) ledger() string { return a.scope() + ":ledger/" + a.name }

// table is the ARN of a table by id, or of all tables for "*".
func (a ledgerARN) table(id string) string { return a.ledger() + "/table/" + id }

// tables lists the ARNs of some tables; none means all.
func (a ledgerARN) tables(ids []string) []string {
	if len(ids) == 0 {
		return []string{a.table("*")}
	}
	arns := make([]string, len(ids))
	for i, id := range ids {
		arns[i] = a.table(id)
	}
	return arns
}

// catalog is the system table that lists the user's tables. The drivers read it
// to give the names of the tables.
func (a ledgerARN) catalog() string { return a.ledger() + "/information_schema/user_tables" }

// streams covers the ledger's journal streams.
func (a ledgerARN) streams() string { return a.scope() + ":stream/" + a.name + "/*" }

// anything covers what QLDB has in the account and region.
func (a ledgerARN) anything() string { return a.scope() + ":*" }
