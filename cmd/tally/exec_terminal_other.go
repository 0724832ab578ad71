//go:build !linux && !darwin

package main

func terminalSignals() bool { return false }
