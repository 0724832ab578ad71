package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// skippedFile is what was found in a directory and not looked at.
type skippedFile struct {
	File string `json:"file"`
	Why  string `json:"why"`
}

// keepSkipped is how many of them are listed.
const keepSkipped = 100

var errNoFiles = errors.New("there is no file in this directory to look at")

// expand makes one source of a file, and one of each file in a directory. A
// symbolic link is followed where it is given by name. In a directory it is not:
// it may lead out of it, or in circles; nor are hidden files read, which editors
// and file managers leave there. The summary tells what was left out.
func (r *verifyRun) expand(name string) (list []*source) {
	info, err := os.Stat(name)
	if name == "-" || err != nil || !info.IsDir() {
		return []*source{{name: name}}
	}
	_ = fs.WalkDir(os.DirFS(name), ".", func(path string, d fs.DirEntry, err error) error {
		full := filepath.Join(name, filepath.FromSlash(path))
		switch {
		case err != nil:
			list = append(list, &source{name: full, err: pathless(err)})
		case path == ".":
		case strings.HasPrefix(d.Name(), "."):
			r.skip(full, "hidden")
			if d.IsDir() {
				return fs.SkipDir
			}
		case d.IsDir():
		case d.Name() == "server.json", d.Name() == "server.lock":
			r.skip(full, "tally serve's own, which holds nothing of a journal")
		case d.Type().IsRegular():
			list = append(list, &source{name: full})
		case d.Type()&fs.ModeSymlink != 0:
			r.skip(full, "a symbolic link, which is followed only where it is given by name")
		default:
			r.skip(full, "not a regular file")
		}
		return nil
	})
	if len(list) == 0 {
		list = append(list, &source{name: name, err: errNoFiles})
	}
	return list
}

func (r *verifyRun) skip(file, why string) {
	if r.skippedTotal++; len(r.skipped) < keepSkipped {
		r.skipped = append(r.skipped, skippedFile{file, why})
	}
}
