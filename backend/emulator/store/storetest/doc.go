// Package storetest holds what a store has to pass, and tools that show whether
// one is durable.
//
// [Run] is the contract of store.Store as tests: a further store is done when
// it passes. The store's own tests call it with a [Harness] that opens one.
//
// [Trace] runs a process under strace and [Replay] rebuilds from the recorded
// system calls what a disk would hold if the machine had lost power at any
// acknowledgement: only what a completed sync covers.
//
// What is NOT here: tests of one store's own files, which lie beside it.
package storetest
