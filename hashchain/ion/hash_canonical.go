package ion

// The scalars of a journal are nearly always in their shortest form already: then
// their bytes are what is hashed, and need not be decoded and encoded again.
// These functions know the most frequent forms; what they do not know is decoded.

// isShortDecimal reports whether the representation of a decimal with an exponent
// of one byte and a coefficient other than zero is the shortest one.
func isShortDecimal(b []byte) bool {
	return len(b) >= 2 && b[0]&0x80 != 0 && b[0] != 0xc0 && isShortInt(b[1:])
}

// isShortInt reports whether an Int field that is not empty is the shortest one
// of a number other than zero.
func isShortInt(b []byte) bool { return b[0]&0x7f != 0 || len(b) > 1 && b[1]&0x80 != 0 }

// isShortTimestamp reports whether the representation of a timestamp in UTC, or
// of unknown offset, is right and the shortest one. Years are from 128 to 9983,
// days up to 28, fractions of up to 9 digits.
func isShortTimestamp(b []byte) bool {
	if len(b) < 3 || b[0] != 0x80 && b[0] != 0xc0 || b[1] == 0 || b[1] > 0x4d || b[2] < 0x80 {
		return false
	}
	switch len(b) {
	case 3:
		return b[0] == 0xc0
	case 4:
		return b[0] == 0xc0 && between(b[3], 1, 12)
	case 5:
		return b[0] == 0xc0 && between(b[3], 1, 12) && between(b[4], 1, 28)
	case 6:
		return false
	}
	if !between(b[3], 1, 12) || !between(b[4], 1, 28) || !between(b[5], 0, 23) || !between(b[6], 0, 59) {
		return false
	}
	return len(b) == 7 || between(b[7], 0, 59) && (len(b) == 8 || isShortFraction(b[8:]))
}

// isShortFraction is for an exponent from -1 to -9 and a coefficient below 10 to
// the power of minus the exponent.
func isShortFraction(b []byte) bool {
	if b[0] < 0xc1 || b[0] > 0xc9 {
		return false
	}
	coef := b[1:]
	if len(coef) == 0 {
		return true
	}
	n, ok := beUint(coef)
	return ok && coef[0] < 0x80 && isShortInt(coef) && n < uint64(pow10(int(b[0]&0x3f)))
}

// between reports whether a VarUInt of one byte is in a range.
func between(c byte, low, high byte) bool { return c >= low|0x80 && c <= high|0x80 }
