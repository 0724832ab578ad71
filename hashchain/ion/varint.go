package ion

import "math"

// maxVar bounds VarUInt and VarInt magnitudes: lengths and symbol ids beyond it
// cannot occur in input that fits in memory.
const maxVar = math.MaxInt32

// varUint decodes a VarUInt at b[i:]. next is 0 if the bytes end early or the
// value exceeds maxVar.
func varUint(b []byte, i int) (v uint32, next int) {
	var x uint64
	for ; i < len(b); i++ {
		c := b[i]
		x = x<<7 | uint64(c&0x7f)
		if x > maxVar {
			return 0, 0
		}
		if c&0x80 != 0 {
			return uint32(x), i + 1
		}
	}
	return 0, 0
}

// varInt decodes a VarInt at b[i:]. neg is set for a negative sign bit, so that
// -0 (an unknown offset) can be told from 0. next is 0 on failure.
func varInt(b []byte, i int) (v int32, neg bool, next int) {
	if i >= len(b) {
		return 0, false, 0
	}
	c := b[i]
	neg = c&0x40 != 0
	x := uint64(c & 0x3f)
	for c&0x80 == 0 {
		i++
		if i >= len(b) {
			return 0, false, 0
		}
		c = b[i]
		x = x<<7 | uint64(c&0x7f)
		if x > maxVar {
			return 0, false, 0
		}
	}
	if neg {
		return -int32(x), true, i + 1
	}
	return int32(x), false, i + 1
}

// appendVarUint appends the shortest VarUInt encoding of x.
func appendVarUint(dst []byte, x uint64) []byte {
	n := varUintLen(x)
	for i := n - 1; i > 0; i-- {
		dst = append(dst, byte(x>>(7*uint(i)))&0x7f)
	}
	return append(dst, byte(x)&0x7f|0x80)
}

func varUintLen(x uint64) int {
	n := 1
	for x >>= 7; x != 0; x >>= 7 {
		n++
	}
	return n
}

// appendVarInt appends the shortest VarInt encoding of the sign and magnitude.
func appendVarInt(dst []byte, neg bool, mag uint64) []byte {
	n := 1
	for x := mag >> 6; x != 0; x >>= 7 {
		n++
	}
	sign := byte(0)
	if neg {
		sign = 0x40
	}
	for i := n - 1; i >= 0; i-- {
		c := byte(mag>>(7*uint(i))) & 0x7f
		if i == n-1 {
			c = c&0x3f | sign
		}
		if i == 0 {
			c |= 0x80
		}
		dst = append(dst, c)
	}
	return dst
}

// trimZeros drops leading zero bytes of a big-endian magnitude.
func trimZeros(b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

// beUint reads a big-endian magnitude of at most 8 bytes.
func beUint(b []byte) (uint64, bool) {
	b = trimZeros(b)
	if len(b) > 8 {
		return 0, false
	}
	var x uint64
	for _, c := range b {
		x = x<<8 | uint64(c)
	}
	return x, true
}

// appendUint appends x as a big-endian magnitude without leading zeros.
func appendUint(dst []byte, x uint64) []byte {
	for s := 56; s >= 0; s -= 8 {
		if x>>uint(s) != 0 {
			dst = append(dst, byte(x>>uint(s)))
		}
	}
	return dst
}
