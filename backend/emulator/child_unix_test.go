//go:build unix

package emulator_test

import (
	"os/signal"
	"strconv"
	"syscall"
)

// limitFiles limits the size of all files that this process writes.
func limitFiles(bytes string) error {
	limit, err := strconv.ParseUint(bytes, 10, 64)
	if err != nil {
		return nil // no limit was given
	}
	signal.Ignore(syscall.SIGXFSZ)
	r := syscall.Rlimit{Cur: limit, Max: limit}
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &r)
}
