package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
)

// exportTarget is what stands for S3.
type exportTarget interface {
	// check reports what is wrong with a bucket and prefix for this target.
	check(bucket, prefix string) error
	// put stores an object whole or not at all.
	put(ctx context.Context, x *exportState, key string, data []byte) error
	close() error
}

// dirTarget is a directory that holds a folder for each bucket. The root
// refuses every path that leads out of it, links included.
type dirTarget struct{ root *os.Root }

func openDirTarget(dir string) (*dirTarget, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("server: directory of exports: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("server: directory of exports: %w", err)
	}
	return &dirTarget{root}, nil
}

func (t *dirTarget) close() error { return t.root.Close() }

func (t *dirTarget) check(bucket, prefix string) error {
	if strings.Trim(bucket, ".") == "" {
		return fmt.Errorf("the bucket %q cannot be a folder", bucket)
	}
	for i := range len(prefix) {
		if c := prefix[i]; c < ' ' || c == '\\' || c == 0x7f {
			return fmt.Errorf("the prefix %q has a character that names of folders cannot have", prefix)
		}
	}
	for part := range strings.SplitSeq(strings.TrimSuffix(prefix, "/"), "/") {
		if prefix != "" && strings.Trim(part, ".") == "" {
			return fmt.Errorf("the prefix %q has a part %q that cannot be a folder", prefix, part)
		}
	}
	return nil
}

func (t *dirTarget) put(_ context.Context, x *exportState, key string, data []byte) (err error) {
	name := x.Bucket + "/" + key
	if err := t.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	// Two exports may write the same key at once; one that is run again after a
	// crash finds its own name.
	temp := path.Join(path.Dir(name), "."+path.Base(name)+"."+x.ID+".part")
	f, err := t.root.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = t.root.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(err, t.root.Remove(temp))
	}
	return nil
}
