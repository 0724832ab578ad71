package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// manifests are the manifests of completed exports. They prove nothing, but they
// list the data objects, whose names tell which blocks they hold:
//
//	<prefix>yyyy/mm/dd/hh/<strandId>.<first>-<last>.ion
//
// so they tell whether blocks at the end of an export are missing, which the
// chain alone does not.
type manifests struct {
	list   []*manifest
	ranges int  // of all of them
	full   bool // there were more than are kept
}

// manifest is one of them, for one strand.
type manifest struct {
	file    string
	strand  string
	objects int
	unknown int          // keys that are not those of data objects
	few     []string     // some of them
	ranges  []blockRange // neighbours are put together
	used    bool         // blocks of this strand are here
}

// blockRange is the sequence numbers of blocks, both included.
type blockRange struct{ first, last uint64 }

func (b blockRange) String() string {
	if b.first == b.last {
		return fmt.Sprintf("block %d", b.first)
	}
	return fmt.Sprintf("blocks %d to %d", b.first, b.last)
}

// maxRanges bounds the memory for manifests.
const maxRanges = 100_000

// add takes in a manifest. It reports whether v is one and names something.
func (m *manifests) add(file string, v ion.Value) bool {
	keys, ok := v.Field("keys")
	if !ok || keys.Len() == 0 {
		return false
	}
	byStrand := map[string]*manifest{}
	unknown, few := 0, []string(nil)
	for k := range keys.Elements() {
		key, _ := k.Text()
		strand, blocks, ok := parseKey(key)
		if !ok {
			if unknown++; len(few) < maxFew {
				few = append(few, clipKey(k))
			}
			continue
		}
		one := byStrand[strand]
		if one == nil {
			if len(m.list) == maxJournals {
				m.full = true
				continue
			}
			strand = strings.Clone(strand) // and not the whole key
			one = &manifest{file: file, strand: strand}
			byStrand[strand], m.list = one, append(m.list, one)
		}
		m.addRange(one, blocks)
	}
	if len(byStrand) == 0 {
		if len(m.list) == maxJournals {
			m.full = true
			return true
		}
		m.list = append(m.list, &manifest{file: file, unknown: unknown, few: few})
	}
	// What a key that is not understood stands for may be of any strand.
	for _, one := range byStrand {
		one.unknown, one.few = unknown, few
	}
	return true
}

// maxFew is how many parts of a message are spelt out.
const maxFew = 5

// clipKey spells a key, or what stands in its place, in bounded length.
func clipKey(v ion.Value) string {
	key, ok := v.Text()
	if !ok {
		return "a value of type " + v.Type().String()
	}
	if short := clipText(key); len(short) < len(key) {
		return strconv.Quote(strings.TrimSuffix(short, "…")) + "…"
	}
	return strconv.Quote(key)
}

// notUnderstood names the keys that are not those of data objects.
func (one *manifest) notUnderstood() string {
	list := strings.Join(one.few, ", ")
	if more := one.unknown - len(one.few); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("%s in the manifest %s not understood, %s: a data object is named <strandId>.<first>-<last>.ion or .json",
		plural(int64(one.unknown), "key", "keys"), one.file, list)
}

func (m *manifests) addRange(one *manifest, b blockRange) {
	one.objects++
	switch n := len(one.ranges); {
	case n > 0 && one.ranges[n-1].last+1 == b.first:
		one.ranges[n-1].last = b.last
	case m.ranges == maxRanges:
		m.full = true
	default:
		one.ranges = append(one.ranges, b)
		m.ranges++
	}
}

// parseKey takes the strand and the blocks out of the key of a data object.
func parseKey(key string) (strand string, b blockRange, ok bool) {
	name := key[strings.LastIndexByte(key, '/')+1:]
	parts := strings.Split(name, ".")
	if len(parts) != 3 || len(parts[0]) > hashchain.MaxStrandID {
		return "", b, false
	}
	first, last, _ := strings.Cut(parts[1], "-")
	var err, err2 error
	b.first, err = strconv.ParseUint(first, 10, 63)
	b.last, err2 = strconv.ParseUint(last, 10, 63)
	return parts[0], b, err == nil && err2 == nil && b.first <= b.last
}

// compare says whether the blocks of a journal are all that its manifests list.
// have is what is here: where something is missing in between, the chain has
// said so.
func (m *manifests) compare(res *result, strand string, have blockRange) {
	for _, one := range m.list {
		if one.strand != strand {
			continue
		}
		one.used = true
		var missing []string
		for _, b := range one.ranges {
			for _, gap := range b.without(have) {
				missing = append(missing, gap.String())
			}
		}
		switch {
		case len(missing) > 0:
			res.undecide("the export is not complete: not here, but in the manifest %s: %s", one.file, listed(missing))
		case one.unknown > 0:
			res.undecide("whether the export is complete: %s", one.notUnderstood())
		case m.full:
			res.undecide("the manifests list too many objects to compare in one run: give fewer files at a time")
		case res.Failed == 0:
			res.check("the export is complete: of the %s in the manifest %s none is missing", count(int64(one.objects), "data object"), one.file)
		}
	}
}

// without is what of b is not in have.
func (b blockRange) without(have blockRange) (list []blockRange) {
	if b.first < have.first {
		list = append(list, blockRange{b.first, min(b.last, have.first-1)})
	}
	if b.last > have.last {
		list = append(list, blockRange{max(b.first, have.last+1), b.last})
	}
	return list
}

// listed spells a few and counts many.
func listed(parts []string) string {
	if len(parts) > maxFew {
		return fmt.Sprintf("%s and %d more ranges of blocks", strings.Join(parts[:maxFew], ", "), len(parts)-maxFew)
	}
	return strings.Join(parts, ", ")
}

// unused makes results of the manifests of which no block is here.
func (m *manifests) unused() (list []*result) {
	for _, one := range m.list {
		if !one.used {
			res := &result{Files: []string{one.file}, What: "manifest of an export: " + count(int64(one.objects), "data object")}
			if one.objects > 0 {
				res.undecide("none of the data objects is here: give them too, or the directory that holds the export")
			}
			if one.unknown > 0 {
				res.undecide("%s", one.notUnderstood())
			}
			list = append(list, res)
		}
	}
	return list
}
