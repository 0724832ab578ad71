package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// FormatVersion is the format this package writes, and the only one it opens. It
// stands for the whole file, the engine's keys and values included, and is
// raised when either changes in a way that an older Tally would misread.
//
// Format 1, which no released Tally wrote, had values without checksums and one
// entry for each node of the block tree.
const FormatVersion = 2

// Header says what a ledger file is. It is written once, when the file is
// created.
//
// As bytes: 8 bytes magic, the format as 4 bytes big-endian, the length of
// CreatedBy as 1 byte, CreatedBy, and the CRC-32C of all that as 4 bytes
// big-endian. The magic and the format keep their places in every format to
// come.
type Header struct {
	Format    uint32 // format version of the file
	CreatedBy string // name and version of the program that made it, at most 255 bytes
}

const (
	headerMagic = "TALLYLDG"
	maxCreator  = 255
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func encodeHeader(h Header) []byte {
	creator := h.CreatedBy[:min(len(h.CreatedBy), maxCreator)]
	b := append(make([]byte, 0, 32), headerMagic...)
	b = binary.BigEndian.AppendUint32(b, h.Format)
	b = append(b, byte(len(creator)))
	b = append(b, creator...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// decodeHeader reads a header. Only its first 12 bytes are looked at when the
// format is a newer one. It returns an error that wraps ErrForeign,
// ErrNewerFormat, ErrOlderFormat or ErrDamaged.
func decodeHeader(b []byte) (Header, error) {
	if len(b) < len(headerMagic)+4 || string(b[:len(headerMagic)]) != headerMagic {
		return Header{}, fmt.Errorf("%w: its header does not begin with %q", ErrForeign, headerMagic)
	}
	h := Header{Format: binary.BigEndian.Uint32(b[len(headerMagic):])}
	if h.Format > FormatVersion {
		return h, fmt.Errorf("%w: the file has format %d, this program knows format %d; use a newer Tally", ErrNewerFormat, h.Format, FormatVersion)
	}
	rest := b[len(headerMagic)+4:]
	if h.Format == 0 || len(rest) < 1 || len(rest) != 1+int(rest[0])+4 {
		return h, fmt.Errorf("%w: its header of %d bytes has the wrong length or format 0", ErrDamaged, len(b))
	}
	sum := binary.BigEndian.Uint32(b[len(b)-4:])
	if got := crc32.Checksum(b[:len(b)-4], castagnoli); got != sum {
		return h, fmt.Errorf("%w: its header has checksum %08x and should have %08x", ErrDamaged, got, sum)
	}
	if h.Format < FormatVersion {
		return h, fmt.Errorf("%w: the file has format %d, this program knows format %d; export its journal with the Tally that wrote it, or make the ledger anew", ErrOlderFormat, h.Format, FormatVersion)
	}
	h.CreatedBy = string(rest[1 : len(rest)-4])
	return h, nil
}
