package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// BoltOptions says how to open a file. The zero value opens it for reading and
// writing, and creates it where there is none.
type BoltOptions struct {
	// MustExist refuses to create a file; the error wraps fs.ErrNotExist.
	MustExist bool

	// ReadOnly opens for reading. Other readers may have the file open at the
	// same time, a writer may not. It implies MustExist.
	ReadOnly bool

	// LockTimeout is how long to wait for a file that is in use before giving
	// up with ErrInUse. 0 means DefaultLockTimeout.
	LockTimeout time.Duration

	// CreatedBy goes into the header of a new file: the program's name and
	// version, at most 255 bytes.
	CreatedBy string

	// InitialMmapSize is how much address space to reserve for the file, in
	// bytes. While the file fits in, it grows without waiting for open
	// snapshots. 0 means 64 GiB, or twice the file, on 64-bit Unix systems
	// (address space only, no memory) and the size of the file elsewhere;
	// negative means the size of the file. It is lowered when the system
	// refuses.
	InitialMmapSize int

	// NoSync skips all syncs: a crash of the machine loses or destroys
	// acknowledged groups. It is here for tests that show just that, and for
	// writing a file that is synced as a whole later.
	NoSync bool
}

// DefaultLockTimeout is how long OpenBolt waits for a file in use.
const DefaultLockTimeout = time.Second

const defaultMmapSize = 64 << 30

func (o BoltOptions) withDefaults() BoltOptions {
	if o.LockTimeout == 0 {
		o.LockTimeout = DefaultLockTimeout
	}
	o.LockTimeout = max(o.LockTimeout, time.Millisecond) // bbolt takes 0 for "wait for ever"
	o.MustExist = o.MustExist || o.ReadOnly
	return o
}

// OpenBolt opens the ledger file at path, or creates it.
//
// Everything that can be wrong with the file is looked for before it is opened
// for writing: ErrForeign, ErrNewerFormat, ErrOlderFormat, ErrDamaged and
// ErrInUse leave it as it was, to the byte. Where the process that had it last did
// not close it, a file of up to 64 MiB is read as a whole for that. A file whose
// free pages are damaged can be opened for reading. A new file appears under its name
// complete and synced, its folder synced too; a process that dies in between
// leaves at most a temporary file beside it, named like it with ".new-" and a
// number.
func OpenBolt(path string, opt BoltOptions) (*Bolt, error) {
	opt = opt.withDefaults()
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !opt.MustExist:
		if err := createBolt(path, opt); err != nil {
			return nil, fmt.Errorf("creating ledger file %s: %w", path, err)
		}
	case err != nil:
		return nil, fmt.Errorf("opening ledger file: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("opening %s: %w: it is no regular file but %v", path, ErrForeign, info.Mode().Type())
	}
	b, err := lookAndOpen(path, opt)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	return b, nil
}

// lookAndOpen opens for reading, looks, and opens again for writing. In between
// another process may put a new file in place (as CompactBolt does), hence the
// second look.
func lookAndOpen(path string, opt BoltOptions) (*Bolt, error) {
	if opt.ReadOnly {
		return openAndInspect(path, opt, false)
	}
	look := opt
	look.ReadOnly, look.InitialMmapSize = true, -1
	b, err := openAndInspect(path, look, true)
	if err != nil {
		return nil, err
	}
	if err := b.Close(); err != nil {
		return nil, err
	}
	return openAndInspect(path, opt, true)
}

// openAndInspect opens the file and checks that it is a whole ledger. Its free
// pages matter to those who write only.
func openAndInspect(path string, opt BoltOptions, toWrite bool) (*Bolt, error) {
	b, err := openMapped(path, opt)
	if errors.Is(err, ErrInUse) {
		return nil, err
	}
	if err != nil {
		if found := checkFile(path); found != nil { // says more than bbolt does
			return nil, found
		}
		return nil, err
	}
	err = checkFile(path)
	if err == nil {
		err = b.inspect()
	}
	if err == nil {
		err = samePath(b.file, path)
	}
	if err == nil && toWrite {
		err = b.checkFree()
	}
	if err != nil {
		_ = b.Close()
		return nil, err
	}
	b.sound = true
	return b, nil
}

// checkFile checks the meta pages of the file at path.
func checkFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, err = checkMetaPages(f, info.Size())
	return err
}

// samePath reports an error when path names another file by now. The lock is on
// the file, not on the name: who waited for it while the file was replaced
// would go on writing to one that nobody can find any more.
func samePath(f *os.File, path string) error {
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !os.SameFile(mine, named) {
		return fmt.Errorf("%w: it was replaced while it was being opened; open it again", ErrInUse)
	}
	return nil
}

// openMapped opens with the largest address space that the system grants.
func openMapped(path string, opt BoltOptions) (*Bolt, error) {
	for size := mmapSize(path, opt); ; size /= 4 {
		b, err := openDB(path, opt, size)
		if size > 0 && errors.Is(err, syscall.ENOMEM) {
			continue
		}
		return b, err
	}
}

func mmapSize(path string, opt BoltOptions) int {
	switch {
	case opt.InitialMmapSize < 0, opt.ReadOnly:
		return 0
	case opt.InitialMmapSize > 0:
		return opt.InitialMmapSize
	case strconv.IntSize < 64, runtime.GOOS == "windows", runtime.GOOS == "plan9":
		return 0
	}
	size := int64(defaultMmapSize)
	if info, err := os.Stat(path); err == nil {
		size = max(size, 2*info.Size())
	}
	return int(size)
}

// createBolt makes a new ledger file under a temporary name and gives it its
// own when it is complete. Where another process is faster, its file stays.
func createBolt(path string, opt BoltOptions) error {
	temp, err := tempName(path, ".new-")
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	opt.InitialMmapSize, opt.NoSync = -1, false
	b, err := openMapped(temp, opt)
	if err != nil {
		return err
	}
	err = b.format(encodeHeader(Header{Format: FormatVersion, CreatedBy: opt.CreatedBy}))
	if err = errors.Join(err, b.Close()); err != nil {
		return err
	}
	if err := os.Link(temp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		// This file system has no links. Renaming would replace a file that
		// came in between, but only one that is as new and empty as this.
		if err := os.Rename(temp, path); err != nil {
			return err
		}
	}
	return syncFolder(path)
}

// tempName reserves a name beside path. The file is there, empty, with mode
// 0600.
func tempName(path, mark string) (string, error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+mark+"*")
	if errors.Is(err, fs.ErrNotExist) { // its text has a name that nobody gave
		return "", fmt.Errorf("there is no folder %s; make it first: %w", dir, fs.ErrNotExist)
	}
	if err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

// syncFolder makes the names in path's folder durable. Windows cannot and need
// not.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
