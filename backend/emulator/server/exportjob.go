package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"time"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// exportJob writes one export. It may be run again from its start: the same
// blocks go to the same keys.
type exportJob struct {
	export *exportState
	entry  *entry
	target exportTarget
	limits exportLimits

	keys  []string
	first hashchain.BlockAddress // of the object being filled
	last  uint64
	hour  time.Time
	count int
	buf   bytes.Buffer
	block []byte // the one being added; kept for its memory
}

func (s *Server) newExportJob(x *exportState, e *entry) *exportJob {
	return &exportJob{export: x, entry: e, target: s.target, limits: s.cfg.Exports.limits}
}

// start writes the manifest that announces the export, while the client waits.
func (j *exportJob) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, j.limits.probe)
	defer cancel()
	err := j.put(ctx, j.export.Prefix+j.export.ID+".started.manifest", j.export.startedManifest(j.entry.name))
	return slowTarget(err, j.limits.probe)
}

func (j *exportJob) format() exportFormat {
	if j.export.Format == "" {
		return exportFormats["ION_TEXT"]
	}
	return exportFormats[j.export.Format]
}

func (j *exportJob) put(ctx context.Context, key string, v ion.Value) error {
	return j.target.put(ctx, j.export, key, j.format().append(nil, v))
}

// run writes the data objects and, when all of them are there, the manifest
// that completes the export.
func (j *exportJob) run(ctx context.Context) error {
	// A commit that took its time before the export was asked for may still be
	// on its way to the disk. Without it, exports [a,b) and [b,c) would leave a
	// block out between them.
	j.entry.waitForCommits()
	from, err := j.firstBlock(ctx)
	if err != nil {
		return err
	}
	for v, err := range j.entry.engine.Journal(ctx, from) {
		if err != nil {
			return err
		}
		more, err := j.add(ctx, v)
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	if err := j.flush(ctx); err != nil {
		return err
	}
	name := j.export.ID + "." + j.entry.engine.StrandID() + ".completed.manifest"
	return j.put(ctx, j.export.Prefix+name, j.completedManifest())
}

// add takes one block in; false after the last block of the time asked for.
func (j *exportJob) add(ctx context.Context, v ion.Value) (more bool, err error) {
	at, t, err := blockPlace(v)
	if err != nil {
		return false, err
	}
	if t.Before(j.export.Start) {
		return true, nil
	}
	if !t.Before(j.export.End) {
		return false, nil
	}
	j.block = j.format().append(j.block[:0], v)
	full := j.count >= j.limits.blocks || j.buf.Len()+len(j.block) > j.limits.bytes
	if hour := t.Truncate(time.Hour); j.count > 0 && (full || !hour.Equal(j.hour)) {
		if err := j.flush(ctx); err != nil {
			return false, err
		}
	}
	if j.count == 0 {
		j.first, j.hour = at, t.Truncate(time.Hour)
	}
	j.last = at.SequenceNo
	j.count++
	j.buf.Write(j.block)
	return true, ctx.Err()
}

// flush puts the object that is being filled.
func (j *exportJob) flush(ctx context.Context) error {
	if j.count == 0 {
		return nil
	}
	key := fmt.Sprintf("%s%s/%s.%d-%d%s", j.export.Prefix, j.hour.Format("2006/01/02/15"), j.first.StrandID, j.first.SequenceNo, j.last, j.format().extension)
	if err := j.target.put(ctx, j.export, key, j.buf.Bytes()); err != nil {
		return err
	}
	j.keys = append(j.keys, key)
	j.buf.Reset()
	j.count = 0
	return nil
}

func (j *exportJob) completedManifest() ion.Value {
	var w ion.Writer
	w.BeginStruct()
	w.Field("keys")
	w.BeginList()
	for _, k := range j.keys {
		w.String(k)
	}
	w.End()
	w.End()
	v, _ := w.Build()
	return v
}

// firstBlock finds the first block that is not before the start, by halves:
// times rise with the sequence numbers.
func (j *exportJob) firstBlock(ctx context.Context) (int64, error) {
	first, err := j.blockFrom(ctx, 0)
	if err != nil || first == nil {
		return 0, err
	}
	tip, err := j.entry.engine.Digest(ctx)
	if err != nil {
		return 0, err
	}
	lo, hi := int64(first.at.SequenceNo), int64(tip.Tip.SequenceNo)+1
	for lo < hi {
		mid := lo + (hi-lo)/2
		b, err := j.blockFrom(ctx, mid)
		if err != nil {
			return 0, err
		}
		if b == nil || !b.time.Before(j.export.Start) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo, nil
}

type placedBlock struct {
	at   hashchain.BlockAddress
	time time.Time
}

// blockFrom is the first block from a sequence number on, nil where there is
// none.
func (j *exportJob) blockFrom(ctx context.Context, seqNo int64) (*placedBlock, error) {
	next, stop := iter.Pull2(j.entry.engine.Journal(ctx, seqNo))
	defer stop()
	v, err, ok := next()
	if !ok || err != nil {
		return nil, err
	}
	at, t, err := blockPlace(v)
	return &placedBlock{at, t}, err
}

func blockPlace(v ion.Value) (at hashchain.BlockAddress, t time.Time, err error) {
	a, _ := v.Field("blockAddress")
	if at, err = hashchain.BlockAddressOf(a); err != nil {
		return at, t, err
	}
	f, _ := v.Field("blockTimestamp")
	ts, ok := f.Timestamp()
	if !ok {
		return at, t, fmt.Errorf("server: block %s has no blockTimestamp", at)
	}
	return at, ts.Time().UTC(), nil
}

// runSafely is run with a panic turned into an error: an export that fails must
// not take the server with it.
func (j *exportJob) runSafely(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("server: panic in an export: %v\n%s", p, debug.Stack())
		}
	}()
	return j.run(ctx)
}

// startExport runs a job until it ends or the server is closed; one that was
// interrupted stays IN_PROGRESS and runs again at the next start.
func (s *Server) startExport(job *exportJob) {
	s.exports.Go(func() {
		err := job.runSafely(s.ctx)
		if err != nil && s.ctx.Err() != nil {
			return
		}
		s.endExport(job, slowTarget(err, job.limits.put))
	})
}

// resumeExports starts what a stop of the server interrupted.
func (s *Server) resumeExports() {
	for _, st := range s.registry.all() {
		e, _ := s.registry.get(st.Name)
		for _, x := range st.Exports {
			if x.Status != exportRunning || e == nil || st.status == stateDeleting {
				continue
			}
			job := s.newExportJob(x, e)
			switch {
			case e.failure != nil:
				s.endExport(job, e.failure)
			case s.target == nil:
				s.endExport(job, errors.New("the server was started without --export-dir and --export-s3-endpoint"))
			default:
				s.startExport(job)
			}
		}
	}
}
