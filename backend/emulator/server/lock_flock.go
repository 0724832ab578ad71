//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package server

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const dirsAreLocked = true

// lockDir keeps a second server out of a data directory. The lock ends with
// the process, however it ends; the empty file stays.
func lockDir(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "server.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("server: data directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("server: the data directory %s is in use by another server; stop it or take another directory", dir)
	}
	return func() { _ = f.Close() }, nil
}
