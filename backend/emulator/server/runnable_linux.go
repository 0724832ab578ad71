package server

import (
	"bytes"
	"os"
	"strconv"
)

// runnable is how many threads of the machine run or wait for a processor now, 0
// where that is not known.
func runnable() int {
	b, err := os.ReadFile("/proc/loadavg") // "0.20 0.18 0.12 1/80 11206"
	if err != nil {
		return 0
	}
	fields := bytes.Fields(b)
	if len(fields) < 4 {
		return 0
	}
	n, _, _ := bytes.Cut(fields[3], []byte("/"))
	out, _ := strconv.Atoi(string(n))
	return out
}
