//lint:file-ignore SA1019 the service has ended; this package is for endpoints that speak its protocol

package qldb

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/qldbsession"
)

// checkAnswer refuses an answer without what the driver takes from it unseen: it
// would panic, and in a goroutine that no caller can guard.
func checkAnswer(in *qldbsession.SendCommandInput, result any) error {
	out, ok := result.(*qldbsession.SendCommandOutput)
	if !ok || out == nil {
		return fmt.Errorf("qldb: the SDK gave %T for an answer", result)
	}
	missing := ""
	switch {
	case in.StartSession != nil && (out.StartSession == nil || text(out.StartSession.SessionToken) == ""):
		missing = "StartSession.SessionToken"
	case in.StartTransaction != nil && (out.StartTransaction == nil || text(out.StartTransaction.TransactionId) == ""):
		missing = "StartTransaction.TransactionId"
	case in.ExecuteStatement != nil && (out.ExecuteStatement == nil || out.ExecuteStatement.FirstPage == nil):
		missing = "ExecuteStatement.FirstPage"
	case in.FetchPage != nil && (out.FetchPage == nil || out.FetchPage.Page == nil):
		missing = "FetchPage.Page"
	case in.CommitTransaction != nil && (out.CommitTransaction == nil || out.CommitTransaction.CommitDigest == nil):
		missing = "CommitTransaction.CommitDigest"
	}
	if missing == "" {
		return nil
	}
	return fmt.Errorf("qldb: the answer has no %s, which QLDB's session API always sends; the endpoint may not be that of a QLDB service", missing)
}
