//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package server_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/qldbsession"
	"github.com/awslabs/amazon-qldb-driver-go/v3/qldbdriver"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/hashchain/ion"
)

// A server in memory and the official driver, which only has another endpoint
// than it had.
func Example() {
	s, err := server.New(server.Config{})
	if err != nil {
		panic(err)
	}
	defer s.Close()
	if err := s.CreateLedger("orders", "ALLOW_ALL"); err != nil {
		panic(err)
	}
	hs := httptest.NewServer(s) // or s.Serve with a listener of server.Listen
	defer hs.Close()

	client := qldbsession.New(qldbsession.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(hs.URL),
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	})
	driver, err := qldbdriver.New("orders", client, func(o *qldbdriver.DriverOptions) { o.LoggerVerbosity = qldbdriver.LogOff })
	if err != nil {
		panic(err)
	}
	row, err := driver.Execute(context.Background(), func(txn qldbdriver.Transaction) (any, error) {
		for _, statement := range []string{"CREATE TABLE Orders", "INSERT INTO Orders {'id': 1, 'total': 9.90}"} {
			if _, err := txn.Execute(statement); err != nil {
				return nil, err
			}
		}
		r, err := txn.Execute("SELECT id, total FROM Orders")
		if err != nil {
			return nil, err
		}
		r.Next(txn)
		return r.GetCurrentData(), r.Err()
	})
	if err != nil {
		panic(err)
	}
	v, err := ion.Parse(row.([]byte))
	fmt.Println(v, err)
	// Output: {id:1,total:9.90} <nil>
}
