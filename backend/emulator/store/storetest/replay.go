package storetest

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Disk is one file as a disk sees it at one moment of a traced run.
type Disk struct {
	Synced  []byte   // what a completed sync covers: the file after a loss of power, at the least
	Pending []Change // later changes, in order: each may be on disk, in part, or not
	Syncs   int      // completed syncs of the file so far
}

// Change is a write of Data at Off, or with Data nil a new size Off.
type Change struct {
	Off  int64
	Data []byte
}

// maxImage bounds the file that a trace may describe, in bytes.
const maxImage = 256 << 20

// With returns the file with those parts of the pending changes that keep
// chooses, asked for each sector of 512 bytes of each change; a change of size
// is one such part.
func (d *Disk) With(keep func() bool) []byte {
	image := slices.Clone(d.Synced)
	for _, c := range d.Pending {
		if c.Data == nil {
			if keep() {
				image = apply(image, c)
			}
			continue
		}
		at := c.Off
		for sector := range slices.Chunk(c.Data, 512) {
			if keep() {
				image = apply(image, Change{at, sector})
			}
			at += int64(len(sector))
		}
	}
	return image
}

func apply(image []byte, c Change) []byte {
	size := c.Off + int64(len(c.Data))
	if grow := int(size) - len(image); grow > 0 {
		image = append(image, make([]byte, grow)...)
	}
	if c.Data == nil {
		return image[:size]
	}
	copy(image[c.Off:], c.Data)
	return image
}

// Replay reads a trace of Trace and follows the file at path, which had the
// content initial when the traced process began. After each change and sync of
// the file it calls step with line "", and for each line that the process
// writes to its standard output, before that write, with the line: that is how
// a process says what it acknowledges. Both disk and line are valid during the
// call only. Replay ends with the first error of step, or of the trace.
func Replay(trace io.Reader, path string, initial []byte, step func(line string, d *Disk) error) error {
	r := &replay{
		path: filepath.Clean(path), disk: Disk{Synced: slices.Clone(initial)}, step: step,
		files: map[string]bool{}, started: map[string]string{}, syncing: map[string]int{},
	}
	in := bufio.NewReaderSize(trace, 1<<20)
	for n := 1; ; n++ {
		line, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) && line == "" {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err := r.line(strings.TrimSuffix(line, "\n")); err != nil {
			return fmt.Errorf("line %d of the trace: %w", n, err)
		}
	}
}

type replay struct {
	path    string
	disk    Disk
	step    func(line string, d *Disk) error
	files   map[string]bool   // descriptors of the file
	started map[string]string // by process: the first half of a call that another one interrupted
	syncing map[string]int    // by process: how many changes a running sync covers, counted from the start
	covered int               // how many changes are in disk.Synced
	output  []byte            // of standard output, after the last newline
}

// line takes one line: "PID call(arguments) = result", or half of one:
// "PID call(arguments <unfinished ...>", later "PID <... call resumed>rest".
func (r *replay) line(line string) error {
	pid, call, _ := strings.Cut(line, " ")
	call = strings.TrimLeft(call, " ")
	if head, ok := strings.CutSuffix(call, "<unfinished ...>"); ok {
		r.started[pid] = strings.TrimRight(head, " ")
		return r.begin(pid, head)
	}
	if rest, ok := strings.CutPrefix(call, "<... "); ok {
		_, rest, _ = strings.Cut(rest, "resumed>")
		head := r.started[pid]
		delete(r.started, pid)
		return r.end(pid, head+rest)
	}
	if err := r.begin(pid, call); err != nil {
		return err
	}
	return r.end(pid, call)
}

// begin is a call's start: a sync covers what was written before it, and an
// acknowledgement counts from here.
func (r *replay) begin(pid, call string) error {
	name, args, ok := strings.Cut(call, "(")
	fd, args, _ := strings.Cut(strings.TrimRight(args, " "), ",")
	fd, _, _ = strings.Cut(fd, ")")
	switch {
	case ok && (name == "fsync" || name == "fdatasync") && r.files[fd]:
		r.syncing[pid] = r.covered + len(r.disk.Pending)
	case ok && name == "write" && fd == "1":
		return r.acknowledge(args)
	}
	return nil
}

func (r *replay) acknowledge(args string) error {
	data, _, err := quoted(args)
	if err != nil {
		return err
	}
	r.output = append(r.output, data...)
	for {
		line, rest, ok := bytes.Cut(r.output, []byte("\n"))
		if !ok {
			return nil
		}
		r.output = rest
		if err := r.step(string(line), &r.disk); err != nil {
			return err
		}
	}
}

// end is a call's completion, with its result.
func (r *replay) end(pid, call string) error {
	name, rest, ok := strings.Cut(call, "(")
	at := strings.LastIndex(rest, ") ")
	if !ok || at < 0 {
		return nil // a signal, an exit
	}
	args, result := rest[:at], strings.TrimLeft(rest[at+1:], " =")
	result, _, _ = strings.Cut(result, " ")
	value, err := strconv.ParseInt(result, 10, 64)
	if err != nil || value < 0 {
		delete(r.syncing, pid)
		return nil // it failed, or the process ended in it
	}
	fd, args, _ := strings.Cut(args, ",")
	switch name {
	case "openat":
		return r.opened(args, result)
	case "close":
		delete(r.files, fd)
	case "fsync", "fdatasync":
		return r.synced(pid)
	case "pwrite64", "write", "ftruncate":
		if r.files[fd] {
			return r.changed(name, args, value)
		}
	}
	return nil
}

func (r *replay) opened(args, fd string) error {
	name, _, err := quoted(args)
	delete(r.files, fd)
	if err == nil && filepath.Clean(string(name)) == r.path {
		r.files[fd] = true
	}
	return err
}

func (r *replay) changed(name, args string, result int64) error {
	if name == "write" {
		return errors.New("the file is written at its current position, which Replay does not follow")
	}
	c := Change{}
	var err error
	if name == "pwrite64" {
		var rest string
		if c.Data, rest, err = quoted(args); err != nil {
			return err
		}
		c.Data = c.Data[:min(int64(len(c.Data)), result)]
		_, args, _ = strings.Cut(strings.TrimLeft(rest, ", "), ", ")
	}
	c.Off, err = strconv.ParseInt(strings.TrimSpace(args), 10, 64)
	if err != nil {
		return err
	}
	if c.Off < 0 || c.Off+int64(len(c.Data)) > maxImage {
		return fmt.Errorf("a change at %d: the file may have up to %d bytes here", c.Off, maxImage)
	}
	r.disk.Pending = append(r.disk.Pending, c)
	return r.step("", &r.disk)
}

func (r *replay) synced(pid string) error {
	upTo, ok := r.syncing[pid]
	if !ok {
		return nil // of another file
	}
	delete(r.syncing, pid)
	n := max(0, upTo-r.covered) // less when another sync finished in between
	r.covered += n
	for _, c := range r.disk.Pending[:n] {
		r.disk.Synced = apply(r.disk.Synced, c)
	}
	r.disk.Pending = slices.Delete(r.disk.Pending, 0, n)
	r.disk.Syncs++
	return r.step("", &r.disk)
}

// quoted reads the first string of args, written as strace's option -xx does:
// "\x61\x62".
func quoted(args string) (data []byte, rest string, err error) {
	_, text, ok := strings.Cut(args, `"`)
	text, rest, closed := strings.Cut(text, `"`)
	if !ok || !closed || strings.HasPrefix(rest, "...") {
		return nil, "", fmt.Errorf("no whole string in %.40q", args)
	}
	data, err = hex.DecodeString(strings.ReplaceAll(text, `\x`, ""))
	return data, rest, err
}
