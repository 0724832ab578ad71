package emulator

import (
	"testing"

	"pgregory.net/rapid"
)

// naive is the validator without anything clever: it keeps every change of
// every block for ever.
type naive struct{ blocks map[int64][]item }

func (n naive) conflicts(r readSet) bool {
	for seq, items := range n.blocks {
		for _, it := range items {
			if at, ok := r[it]; ok && seq > at {
				return true
			}
		}
	}
	return false
}

// validator is the model: transactions that begin, read and commit, while
// groups of blocks are published or fail.
type validator struct {
	c              *changes
	n              naive
	tip, published int64
	open           []*validated
	failed         bool // whether a group failed while something was open
}

type validated struct {
	from  int64
	reads readSet
}

func (v *validator) begin(*rapid.T) {
	v.open = append(v.open, &validated{from: v.published, reads: readSet{}})
}

func (v *validator) read(t *rapid.T) {
	if len(v.open) == 0 {
		t.Skip("nothing is open")
	}
	tx := rapid.SampledFrom(v.open).Draw(t, "transaction")
	for _, it := range rapid.SliceOfN(rapid.Uint64Range(0, 9), 1, 4).Draw(t, "reads") {
		tx.reads.add(item(it), v.published)
	}
}

func (v *validator) commit(t *rapid.T) {
	if len(v.open) == 0 {
		t.Skip("nothing is open")
	}
	i := rapid.IntRange(0, len(v.open)-1).Draw(t, "transaction")
	tx := v.open[i]
	v.open = append(v.open[:i], v.open[i+1:]...)
	got, want := v.c.conflicts(tx.reads), v.n.conflicts(tx.reads)
	if want && !got {
		t.Fatalf("reads %v: a conflict is missed", tx.reads)
	}
	if got && !want && !v.failed {
		t.Fatalf("reads %v: a conflict is made up", tx.reads)
	}
	if got {
		return
	}
	v.tip++
	for _, it := range rapid.SliceOfN(rapid.Uint64Range(0, 9), 0, 4).Draw(t, "changes") {
		v.c.add(item(it), v.tip)
		v.n.blocks[v.tip] = append(v.n.blocks[v.tip], item(it))
	}
}

func (v *validator) publish(*rapid.T) {
	v.published = v.tip
	v.forget()
}

// fail: the group that was built is not written. What open transactions read
// before may then conflict where it need not.
func (v *validator) fail(*rapid.T) {
	for seq := v.published + 1; seq <= v.tip; seq++ {
		delete(v.n.blocks, seq)
	}
	v.tip = v.published
	v.c.undo(v.published)
	v.failed = true
}

func (v *validator) forget() {
	horizon := v.published
	if len(v.open) > 0 {
		horizon = v.open[0].from // they are in the order they began
	} else {
		v.failed = false
	}
	v.c.forget(horizon)
}

// TestValidator compares the committer's memory of changes, which forgets, with
// a naive one, which does not.
func TestValidator(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := &validator{c: newChanges(), n: naive{map[int64][]item{}}}
		t.Repeat(map[string]func(*rapid.T){
			"begin": v.begin, "read": v.read, "commit": v.commit, "publish": v.publish, "fail": v.fail,
			"": func(t *rapid.T) {
				if len(v.open) == 0 && v.tip == v.published {
					v.forget()
					if n := len(v.c.last) + len(v.c.queue); n > 0 {
						t.Fatalf("nothing is open and %d changes are kept", n)
					}
				}
			},
		})
	})
}

// TestItemsDiffer: what transactions read and change is told apart by kind and
// by name.
func TestItemsDiffer(t *testing.T) {
	var k, k2 docKey
	k2[19] = 1
	seen := map[item]string{}
	for name, it := range map[string]item{
		"document": docItem(k), "another document": docItem(k2), "table": tableItem(0), "another table": tableItem(1),
		"name": nameItem("T"), "another name": nameItem("t"), "index key": indexItem(k[:]), "catalog": catalogItem(),
		"redactions": redactionItem(0), "other redactions": redactionItem(1),
	} {
		if other, ok := seen[it]; ok {
			t.Errorf("%s and %s are the same item", name, other)
		}
		seen[it] = name
	}
}
