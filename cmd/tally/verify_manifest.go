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

// add takes in a manifest. It reports whether v is one and names a data object.
func (m *manifests) add(file string, v ion.Value) bool {
	keys, ok := v.Field("keys")
	if !ok {
		return false
	}
	byStrand := map[string]*manifest{}
	for k := range keys.Elements() {
		key, _ := k.Text()
		strand, blocks, ok := parseKey(key)
		if !ok {
			continue
		}
		one := byStrand[strand]
		if one == nil {
			if len(m.list) == maxJournals {
				m.full = true
				continue
			}
			one = &manifest{file: file, strand: strand}
			byStrand[strand], m.list = one, append(m.list, one)
		}
		m.addRange(one, blocks)
	}
	return len(byStrand) > 0
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
	const few = 5
	if len(parts) > few {
		return fmt.Sprintf("%s and %d more ranges of blocks", strings.Join(parts[:few], ", "), len(parts)-few)
	}
	return strings.Join(parts, ", ")
}

// unused makes results of the manifests of which no block is here.
func (m *manifests) unused() (list []*result) {
	for _, one := range m.list {
		if !one.used {
			res := &result{Files: []string{one.file}, What: "manifest of an export: " + count(int64(one.objects), "data object")}
			res.undecide("none of the data objects is here: give them too, or the directory that holds the export")
			list = append(list, res)
		}
	}
	return list
}
