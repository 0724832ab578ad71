//go:build !unix

package emulator_test

func limitFiles(string) error { return nil }
