// Package servertest gives a test a running server with the clients of Amazon
// QLDB that talk to it:
//
//	func TestOrders(t *testing.T) {
//		s := servertest.New(t)
//		app := orders.New(s.Driver("orders"))
//		...
//	}
//
// The server is in memory, listens on a free port of the loopback interface
// and is gone after the test. Its clock is moved with [Server.Advance], so that
// no test waits for a transaction to expire.
//
// Tests that need no HTTP are quicker with package emulatortest, which also
// keeps the AWS SDK out of the build.
package servertest
