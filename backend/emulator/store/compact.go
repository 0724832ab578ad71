package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// compactGroup is how many bytes are copied in one group.
const compactGroup = 16 << 20

// CompactBolt writes what the ledger file src holds into a new file dst, dense
// and in order: bytes that were deleted or overwritten in src are not in dst,
// nor in the few pages of it that are free, since only what is there now is ever
// written to it. When dst is src the new file takes its place; any other
// dst must not exist yet (fs.ErrExist).
//
// The new file is written under a temporary name beside dst, like it with
// ".compact-" and a number, synced, and read back and compared with src before
// it gets its name. Until then src is untouched, and on any error it stays so
// and the temporary file is removed. One that a killed process left is removed
// by the next compaction of the file in place.
//
// A file that is to be replaced is locked as by a writer until it is: nobody
// else has it open meanwhile, for reading, writing or compacting, and who waited
// for the lock finds the new file. It keeps mode and, on Unix, owner and group;
// where they cannot be set the file is not replaced. When dst is another file
// src can be read meanwhile, but not written. If src is open elsewhere the error
// wraps ErrInUse. On Windows the lock ends just before a file is replaced.
func CompactBolt(src, dst string) error {
	if err := compact(src, dst); err != nil {
		return fmt.Errorf("compacting %s: %w", src, err)
	}
	return nil
}

func compact(src, dst string) (err error) {
	dst, inPlace, err := compactTarget(src, dst)
	if err != nil {
		return err
	}
	// A lock for reading would let a second compaction in, which would put what
	// it has read in the place of what was written since.
	from, err := OpenBolt(src, BoltOptions{MustExist: true, ReadOnly: !inPlace, InitialMmapSize: -1})
	if err != nil {
		return err
	}
	defer from.Close()
	if inPlace {
		if err := removeLeft(dst); err != nil {
			return err
		}
	}
	temp, err := tempName(dst, compactMark)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	if err := writeDense(from, temp, inPlace); err != nil {
		return err
	}
	if err := sameContent(from, temp); err != nil {
		return err
	}
	if !inPlace {
		if err := giveName(temp, dst); err != nil {
			return err
		}
		return syncFolder(dst)
	}
	if err := samePath(from.file, dst); err != nil { // moved by somebody who takes no lock
		return err
	}
	if runtime.GOOS == "windows" { // it does not rename over an open file
		if err := from.Close(); err != nil {
			return err
		}
	}
	if err := os.Rename(temp, dst); err != nil {
		return err
	}
	return syncFolder(dst)
}

// giveName gives a file its name, which nobody else may have taken meanwhile.
func giveName(temp, name string) error {
	err := os.Link(temp, name)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// This file system has no links.
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fs.ErrExist)
	}
	return os.Rename(temp, name)
}

const compactMark = ".compact-"

// removeLeft removes what compactions of the file at path left when they were
// killed: a copy of everything in it. The caller has the file locked, so none
// of them is at work.
func removeLeft(path string) error {
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), filepath.Base(path)+compactMark)
		if !ok || number == "" || strings.Trim(number, "0123456789") != "" || !e.Type().IsRegular() {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("a compaction that was killed left a copy of the ledger, which cannot be removed: %w", err)
		}
	}
	return nil
}

// compactTarget returns dst, or the file behind it when it is src.
func compactTarget(src, dst string) (target string, inPlace bool, err error) {
	there, err := os.Stat(dst)
	if errors.Is(err, fs.ErrNotExist) {
		return dst, false, nil
	}
	if err != nil {
		return "", false, err
	}
	here, err := os.Stat(src)
	if err != nil {
		return "", false, err
	}
	if !os.SameFile(here, there) {
		return "", false, fmt.Errorf("%s: %w; name a new file, or %s itself to replace it", dst, fs.ErrExist, src)
	}
	target, err = filepath.EvalSymlinks(dst)
	return target, true, err
}

// writeDense makes the file temp from what from holds, and syncs it as a whole
// in the end.
func writeDense(from *Bolt, temp string, inPlace bool) (err error) {
	to, err := openMapped(temp, BoltOptions{NoSync: true}.withDefaults())
	if err != nil {
		return err
	}
	to.dense = true
	size, err := fill(from, to)
	if err = errors.Join(err, to.Close()); err != nil {
		return err
	}
	return finish(from, temp, size, inPlace)
}

// fill copies header and keys. It returns how many bytes of the new file count.
func fill(from, to *Bolt) (size int64, err error) {
	if err := to.format(encodeHeader(from.header)); err != nil {
		return 0, err
	}
	snap, err := from.View()
	if err != nil {
		return 0, err
	}
	defer snap.Close()
	for s := range Spaces() {
		if err := copySpace(snap, to, s); err != nil {
			return 0, err
		}
	}
	tx, err := to.begin()
	if err != nil {
		return 0, err
	}
	defer to.rollback(tx)
	return tx.Size(), snap.Err()
}

func copySpace(snap Snapshot, to *Bolt, s Space) error {
	var ops []Op
	size := 0
	for k, v := range Scan(snap, s, nil) {
		ops = append(ops, Op{Space: s, Key: k, Value: v})
		if size += len(k) + len(v); size < compactGroup {
			continue
		}
		if err := to.Apply(ops); err != nil {
			return err
		}
		ops, size = ops[:0], 0
	}
	return to.Apply(ops)
}

// finish cuts off what the file was grown by ahead of use, gives it the mode of
// the old one and, where it is to take its place, the owner, and syncs it.
func finish(from *Bolt, temp string, size int64, inPlace bool) error {
	f, err := os.OpenFile(temp, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	info, err := from.file.Stat()
	if err == nil && inPlace {
		err = keepOwner(f, info)
	}
	if err == nil {
		err = f.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = f.Truncate(size)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// sameContent reads the file temp as anybody would and compares it with from.
func sameContent(from *Bolt, temp string) error {
	to, err := openAndInspect(temp, BoltOptions{ReadOnly: true}.withDefaults(), true)
	if err != nil {
		return fmt.Errorf("reading back the new file: %w", err)
	}
	defer to.Close()
	if to.header != from.header {
		return fmt.Errorf("reading back the new file: %w: its header is %+v and should be %+v", ErrDamaged, to.header, from.header)
	}
	old, err := from.View()
	if err != nil {
		return err
	}
	defer old.Close()
	made, err := to.View()
	if err != nil {
		return err
	}
	defer made.Close()
	for s := range Spaces() {
		if err := sameSpace(old, made, s); err != nil {
			return fmt.Errorf("reading back the new file: %w", err)
		}
	}
	return nil
}

func sameSpace(a, b Snapshot, s Space) error {
	ca, cb := a.Cursor(s), b.Cursor(s)
	ka, va := ca.First()
	kb, vb := cb.First()
	for ka != nil && bytes.Equal(ka, kb) && bytes.Equal(va, vb) {
		ka, va = ca.Next()
		kb, vb = cb.Next()
	}
	if err := errors.Join(a.Err(), b.Err()); err != nil {
		return err
	}
	if ka != nil || kb != nil {
		return fmt.Errorf("%w: %s differs at key %x (old) and %x (new)", ErrDamaged, s, ka, kb)
	}
	return nil
}
