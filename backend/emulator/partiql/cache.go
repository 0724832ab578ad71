package partiql

import (
	"container/list"
	"sync"
)

// Defaults of a Cache.
const (
	DefaultCacheEntries = 1000
	DefaultCacheBytes   = 16 << 20
)

// CacheOptions bound a Cache; zero fields take the defaults.
type CacheOptions struct {
	Entries int   // statements
	Bytes   int64 // how much memory they may take
}

// Cache keeps prepared statements by their text, so that the same text is parsed
// once and resolved once until the catalog changes. The least recently used
// statement goes when a bound is reached: applications that write literals into
// their texts never send the same one again. A Cache may be used by many
// goroutines at once.
type Cache struct {
	mu      sync.Mutex
	options CacheOptions
	byKey   map[cacheKey]*list.Element
	recent  list.List // of *cacheEntry, most recent first
	bytes   int64
	hits    uint64
	misses  uint64
}

type cacheKey struct {
	text    string
	options Options
}

type cacheEntry struct {
	key     cacheKey
	version uint64
	plan    *Plan
	size    int64
}

// NewCache returns an empty Cache.
func NewCache(o CacheOptions) *Cache {
	if o.Entries <= 0 {
		o.Entries = DefaultCacheEntries
	}
	if o.Bytes <= 0 {
		o.Bytes = DefaultCacheBytes
	}
	return &Cache{options: o, byKey: make(map[cacheKey]*list.Element)}
}

// Prepare returns the plan of a statement's text under the catalog's present
// version. Errors are those of Parse and Prepare; they are not kept.
func (c *Cache) Prepare(text string, catalog Catalog, o Options) (*Plan, error) {
	key, version := cacheKey{text, o}, catalog.Version()
	plan, stmt := c.find(key, version)
	if plan != nil {
		return plan, nil
	}
	if stmt == nil {
		var err error
		if stmt, err = Parse(text); err != nil {
			return nil, err
		}
	}
	plan, err := Prepare(stmt, catalog, o)
	if err != nil {
		return nil, err
	}
	c.keep(&cacheEntry{key: key, version: version, plan: plan, size: costOf(stmt)})
	return plan, nil
}

// costOf is an upper bound for what a prepared statement takes. Its tree and plan
// grow with its tokens: the dearest, a source in FROM, takes 220 bytes a token. A
// literal or a pattern takes up to 11 bytes a character. What runs leave in a plan's
// pool for the next one goes with the next garbage collection and is not counted.
func costOf(s *Statement) int64 { return 2048 + 16*int64(len(s.Text)) + 256*int64(s.tokens) }

// find returns the plan, or at least the parsed statement where the catalog has
// changed since.
func (c *Cache) find(key cacheKey, version uint64) (*Plan, *Statement) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		c.misses++
		return nil, nil
	}
	c.recent.MoveToFront(e)
	entry := e.Value.(*cacheEntry)
	if entry.version != version {
		c.misses++
		return nil, entry.plan.stmt
	}
	c.hits++
	return entry.plan, nil
}

func (c *Cache) keep(entry *cacheEntry) {
	if entry.size > c.options.Bytes {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[entry.key]; ok {
		e.Value = entry
		return
	}
	c.byKey[entry.key] = c.recent.PushFront(entry)
	c.bytes += entry.size
	for c.recent.Len() > c.options.Entries || c.bytes > c.options.Bytes {
		old := c.recent.Remove(c.recent.Back()).(*cacheEntry)
		delete(c.byKey, old.key)
		c.bytes -= old.size
	}
}

// CacheStats says how a Cache is doing.
type CacheStats struct {
	Entries      int
	Bytes        int64
	Hits, Misses uint64
}

// Stats returns the present numbers.
func (c *Cache) Stats() CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return CacheStats{Entries: c.recent.Len(), Bytes: c.bytes, Hits: c.hits, Misses: c.misses}
}
