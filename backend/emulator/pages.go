package emulator

import "context"

// pageChecker is a store that has pages to check: one in a file.
type pageChecker interface {
	CheckPages(ctx context.Context, report func(problem string) error) error
}

// pages compares the pages of the file that are in use with those that are free.
// A page that is both still holds what it should: the next commits overwrite it.
func (c *checker) pages() error {
	s, ok := c.l.store.(pageChecker)
	if !ok {
		return nil
	}
	return s.CheckPages(c.ctx, func(problem string) error { return c.problem("%s", problem) })
}
