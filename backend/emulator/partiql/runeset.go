package partiql

// runeSet is a set of characters: a bit for each up to the largest one, so that it
// takes 136 KiB at most, however many there are.
type runeSet []uint64

// runeSet is the characters of a text, held.
func (m *machine) runeSet(text string) (runeSet, error) {
	var largest rune
	for _, r := range text {
		largest = max(largest, r)
	}
	set := make(runeSet, largest/64+1)
	for _, r := range text {
		set[r/64] |= 1 << (r % 64)
	}
	return set, m.hold(8 * len(set))
}

func (s runeSet) has(r rune) bool { return int(r/64) < len(s) && s[r/64]>>(r%64)&1 == 1 }
