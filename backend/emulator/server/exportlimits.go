package server

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// exportLimits bound what an export puts into one object, and how long it waits
// for a service that takes it and never answers.
type exportLimits struct {
	// A data object ends with its hour, at this many blocks or before it would
	// be larger than this many bytes; a larger block has an object of its own.
	blocks, bytes int

	// probe is for the manifest that is written while the client waits, with its
	// retries: SDKs wait longer than that. put is for one try of one object.
	probe, put time.Duration
}

func (l exportLimits) filled() exportLimits {
	fill(&l.blocks, 10_000)
	fill(&l.bytes, 16<<20)
	fill(&l.probe, 10*time.Second)
	fill(&l.put, time.Minute)
	return l
}

// slowTarget is err in plain words where a service did not answer in time.
func slowTarget(err error, within time.Duration) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("RequestTimeout the service of --export-s3-endpoint did not answer within %s; see that it is there and takes objects, then export again", within)
	}
	return err
}
