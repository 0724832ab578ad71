package store

// rawCursor is what a store's own cursor can do. Where it stands after it
// returned nil may differ from store to store: positioned makes that one.
type rawCursor interface {
	seek(key []byte) (k, v []byte)
	first() (k, v []byte)
	last() (k, v []byte)
	next() (k, v []byte)
	prev() (k, v []byte)
}

// positioned gives a rawCursor the rules of Cursor about its two ends.
type positioned struct {
	raw rawCursor
	at  position
}

type position uint8

const (
	nowhere position = iota // new: before the first key and past the last one
	onKey
	before
	past
)

func (c *positioned) Seek(key []byte) (k, v []byte) {
	k, v = c.raw.seek(key)
	c.land(k, past)
	return k, v
}

func (c *positioned) First() (k, v []byte) {
	k, v = c.raw.first()
	c.land(k, past)
	return k, v
}

func (c *positioned) Last() (k, v []byte) {
	k, v = c.raw.last()
	c.land(k, before)
	return k, v
}

func (c *positioned) Next() (k, v []byte) {
	switch c.at {
	case past:
		return nil, nil
	case onKey:
		k, v = c.raw.next()
		c.land(k, past)
		return k, v
	default:
		return c.First()
	}
}

func (c *positioned) Prev() (k, v []byte) {
	switch c.at {
	case before:
		return nil, nil
	case onKey:
		k, v = c.raw.prev()
		c.land(k, before)
		return k, v
	default:
		return c.Last()
	}
}

// land notes where a step ended: on a key, or beyond the end it went towards.
func (c *positioned) land(k []byte, end position) {
	c.at = onKey
	if k == nil {
		c.at = end
	}
}
