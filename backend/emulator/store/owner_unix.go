//go:build unix

package store

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives f the owner and group of the file that it is to replace.
func keepOwner(f *os.File, old fs.FileInfo) error {
	made, err := f.Stat()
	if err != nil {
		return err
	}
	want, ok := old.Sys().(*syscall.Stat_t)
	have, ok2 := made.Sys().(*syscall.Stat_t)
	if !ok || !ok2 || want.Uid == have.Uid && want.Gid == have.Gid {
		return nil
	}
	if err := f.Chown(int(want.Uid), int(want.Gid)); err != nil {
		return fmt.Errorf("the new file cannot get the owner %d and group %d of the old one, which stays; run as that user, or write to a new file: %w", want.Uid, want.Gid, err)
	}
	return nil
}
