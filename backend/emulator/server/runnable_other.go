//go:build !linux

package server

// runnable is not known here.
func runnable() int { return 0 }
