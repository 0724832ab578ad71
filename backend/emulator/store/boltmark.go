package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// Close leaves a mark in the meta page that counts, where bbolt has no use for
// the bytes: the CRC-32C of the list of free pages. The commit path knows nothing
// of it. bbolt writes zeros there with each commit, so a mark goes with the
// state that it speaks of, and a file without one is of a process that was killed
// (or of a Tally that made no marks).
//
// A mark has 8 bytes of name, the transaction's number (8), the checksum (4) and
// the CRC-32C of the 20 bytes before (4), the high byte first. It has a disk
// sector of its own, apart from what bbolt reads.
const (
	markName   = "tallyEND"
	markOffset = 512
	markSize   = len(markName) + 8 + 4 + 4
)

func encodeMark(txid uint64, sum uint32) []byte {
	b := binary.BigEndian.AppendUint64([]byte(markName), txid)
	b = binary.BigEndian.AppendUint32(b, sum)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func readMark(f io.ReaderAt, m metaPage) ([]byte, error) {
	b := make([]byte, markSize)
	_, err := f.ReadAt(b, m.at+markOffset)
	return b, err
}

// markBefore reports whether the mark is whole and speaks of an earlier state.
// bbolt wipes it with the meta page that it writes in its place, but a disk that
// loses power may have written the sector that counts and not this one.
func markBefore(mark []byte, txid uint64) bool {
	at := binary.BigEndian.Uint64(mark[len(markName):])
	return at < txid && bytes.Equal(mark, encodeMark(at, binary.BigEndian.Uint32(mark[len(markName)+8:])))
}

// listKnown checks the list of free pages, and reports whether it is known to be
// the one that was there at the last Close.
func listKnown(f io.ReaderAt, m metaPage) (known bool, err error) {
	list, err := readFreeList(f, m, nil)
	if err != nil {
		return false, err
	}
	return list.marked(f, m)
}

// marked compares the list with the mark of the last Close, if there is one.
func (list freeList) marked(f io.ReaderAt, m metaPage) (known bool, err error) {
	mark, err := readMark(f, m)
	switch {
	case err != nil:
		return false, err
	case bytes.Equal(mark, make([]byte, markSize)):
		return false, nil
	case bytes.Equal(mark, encodeMark(m.txid, list.sum)):
		return true, nil
	case markBefore(mark, m.txid):
		return false, nil
	}
	return false, fmt.Errorf("the list of free pages, on page %d, has the checksum %08x, and the mark of the last Close, at byte %d, is %x instead of %x: one of them was changed",
		m.free, list.sum, m.at+markOffset, mark, encodeMark(m.txid, list.sum))
}

// markClosed leaves the mark. Every group that was applied is on disk without it,
// so a disk that does not take it, a full one say, is no error of Close: the file
// is then looked at as that of a killed process is.
func (b *Bolt) markClosed() {
	if b.reader || !b.sound || b.fatal.Load() != nil {
		return
	}
	m, err := b.meta()
	if err != nil {
		return
	}
	list, err := readFreeList(b.file, m, nil)
	if err != nil {
		return
	}
	mark := encodeMark(m.txid, list.sum)
	if was, err := readMark(b.file, m); err != nil || bytes.Equal(was, mark) {
		return
	}
	if _, err := b.file.WriteAt(mark, m.at+markOffset); err == nil && !b.db.NoSync {
		_ = b.db.Sync()
	}
}
