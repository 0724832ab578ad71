package emulator

import "context"

// pageChecker is a store that has pages to check: one in a file.
type pageChecker interface {
	CheckPages(ctx context.Context, report func(problem string) error) error
}

// maxPageProblems bounds what is kept of pages: one list that is wrong can make a
// problem of each.
const maxPageProblems = 1000

// pages compares the pages of the file that are in use with those that are free.
// A page that is both still holds what it should: the next commits overwrite it.
//
// The caller hears of it afterwards, since he may close the ledger then, and the
// store holds the file while it looks.
func (c *checker) pages() error {
	s, ok := c.l.store.(pageChecker)
	if !ok {
		return nil
	}
	var found []string
	err := s.CheckPages(c.ctx, func(problem string) error {
		if len(found) == maxPageProblems {
			found = append(found, "there are more problems of pages than these")
			return errStopped
		}
		found = append(found, problem)
		return nil
	})
	for _, problem := range found {
		if err := c.problem("%s", problem); err != nil {
			return err
		}
	}
	if err == errStopped {
		return nil
	}
	return err
}
