package storetest

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tallyledger/tally/backend/emulator/store"
)

// modelKey is a key with its space before it, so that one sorted list holds
// them all.
type modelKey = string

// model is what the store must be like: a map, and copies of it for snapshots.
type model struct {
	store store.Store
	now   map[modelKey]string
	views []modelView
}

type modelView struct {
	snap store.Snapshot
	then map[modelKey]string
}

// testModel lets rapid choose groups, snapshots and walks, and compares each
// result with the model's.
func testModel(t *testing.T, h Harness) {
	s := open(t, h)
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{store: s, now: map[modelKey]string{}}
		m.clear(rt)
		defer m.closeViews(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"apply": m.apply,
			"view":  m.view,
			"walk":  m.walk,
			"get":   m.get,
			"close": m.close,
		})
	})
}

// clear empties the store that the round before left.
func (m *model) clear(t *rapid.T) {
	snap, err := m.store.View()
	checkModel(t, err)
	var ops []store.Op
	for s := range store.Spaces() {
		for k := range store.Scan(snap, s, nil) {
			ops = append(ops, store.Op{Space: s, Key: slices.Clone(k), Delete: true})
		}
	}
	checkModel(t, snap.Close())
	checkModel(t, m.store.Apply(ops))
}

func (m *model) closeViews(t *rapid.T) {
	for _, v := range m.views {
		checkModel(t, v.snap.Close())
	}
}

func checkModel(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

var (
	genSpace = rapid.Uint8Range(uint8(store.Meta), uint8(store.Catalog))
	genKey   = rapid.SliceOfN(rapid.SampledFrom([]byte{0, 'a', 'b', 0xff}), 1, 5)
	genValue = rapid.Custom(func(t *rapid.T) []byte {
		n := rapid.SampledFrom([]int{0, 1, 20, 700, 5000}).Draw(t, "length")
		return slices.Repeat([]byte{rapid.Byte().Draw(t, "fill")}, n)
	})
)

func (m *model) apply(t *rapid.T) {
	n := rapid.IntRange(0, 40).Draw(t, "operations")
	var ops []store.Op
	for range n {
		op := store.Op{Space: store.Space(genSpace.Draw(t, "space")), Key: genKey.Draw(t, "key"), Delete: rapid.Bool().Draw(t, "delete")}
		at := string(append([]byte{byte(op.Space)}, op.Key...))
		if op.Delete {
			delete(m.now, at)
		} else {
			op.Value = genValue.Draw(t, "value")
			m.now[at] = string(op.Value)
		}
		ops = append(ops, op)
	}
	checkModel(t, m.store.Apply(ops))
}

func (m *model) view(t *rapid.T) {
	snap, err := m.store.View()
	checkModel(t, err)
	m.views = append(m.views, modelView{snap, maps.Clone(m.now)})
}

func (m *model) close(t *rapid.T) {
	i := m.pick(t)
	checkModel(t, m.views[i].snap.Close())
	m.views = slices.Delete(m.views, i, i+1)
}

// pick chooses an open snapshot.
func (m *model) pick(t *rapid.T) int {
	if len(m.views) == 0 {
		t.Skip("no snapshot is open")
	}
	return rapid.IntRange(0, len(m.views)-1).Draw(t, "snapshot")
}

func (m *model) get(t *rapid.T) {
	v := m.views[m.pick(t)]
	s, key := genSpace.Draw(t, "space"), genKey.Draw(t, "key")
	want, there := v.then[string(append([]byte{s}, key...))]
	got := v.snap.Get(store.Space(s), key)
	if (got != nil) != there || string(got) != want {
		t.Fatalf("Get(%d, %q) = %.50q, want %.50q (there: %v)", s, key, got, want, there)
	}
}

// walk moves a cursor and a position in a sorted list side by side.
func (m *model) walk(t *rapid.T) {
	v := m.views[m.pick(t)]
	s := genSpace.Draw(t, "space")
	var keys []string
	for k := range v.then {
		if k[0] == s {
			keys = append(keys, k[1:])
		}
	}
	slices.Sort(keys)
	c := v.snap.Cursor(store.Space(s))
	at, fresh := -1, true // -1 and len(keys) are the two ends
	for range rapid.IntRange(1, 12).Draw(t, "steps") {
		how := rapid.SampledFrom([]string{"First", "Last", "Next", "Next", "Next", "Prev", "Prev", "Seek "}).Draw(t, "move")
		if how == "Seek " {
			how += string(genKey.Draw(t, "to"))
		}
		if how == "Prev" && fresh {
			at = len(keys)
		}
		at, fresh = modelMove(keys, at, how), false
		key, value := move(c, how)
		if at < 0 || at >= len(keys) {
			if key != nil {
				t.Fatalf("%q in space %d gives %q, want no key", how, s, key)
			}
			continue
		}
		if string(key) != keys[at] || string(value) != v.then[string(rune(s))+keys[at]] {
			t.Fatalf("%q in space %d gives %q = %.50q, want %q", how, s, key, value, keys[at])
		}
	}
	checkModel(t, v.snap.Err())
}

func modelMove(keys []string, at int, how string) int {
	switch how {
	case "First":
		return 0
	case "Last":
		return len(keys) - 1
	case "Next":
		return min(at+1, len(keys))
	case "Prev":
		return max(at-1, -1)
	default:
		i, _ := slices.BinarySearch(keys, how[len("Seek "):])
		return i
	}
}
