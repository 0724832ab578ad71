package emulator

import "context"

// pageChecker is a store that has pages to check: one in a file.
type pageChecker interface {
	CheckPages(ctx context.Context, report func(problem string) error) error
}

// maxPageProblems bounds what is kept of pages: one list that is wrong can make a
// problem of each.
const maxPageProblems = 1000

// checkPages compares the pages of the file that are in use with those that are
// free. A page that is both still holds what it should: the next commits overwrite
// it.
//
// No snapshot is open meanwhile. The store lets the group under way end first, and
// that may wait until the last snapshot is closed, to map a larger file. The caller
// hears of it afterwards, since he may close the ledger then.
func (l *Ledger) checkPages(ctx context.Context, yield func(string, error) bool) error {
	s, ok := l.store.(pageChecker)
	if !ok {
		return nil
	}
	found, err := l.pageProblems(ctx, s)
	for _, problem := range found {
		if !yield(problem, nil) {
			return errStopped
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return err
}

func (l *Ledger) pageProblems(ctx context.Context, s pageChecker) (found []string, err error) {
	if err := l.readers.enter(); err != nil {
		return nil, err
	}
	defer l.readers.leave()
	err = s.CheckPages(ctx, func(problem string) error {
		if len(found) == maxPageProblems {
			found = append(found, "there are more problems of pages than these")
			return errStopped
		}
		found = append(found, problem)
		return nil
	})
	if err == errStopped {
		err = nil
	}
	return found, err
}
