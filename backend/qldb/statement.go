package qldb

import (
	"fmt"
	"unicode/utf8"

	"github.com/tallyledger/tally/ledger"
)

// checkStatement refuses a text that would cost the transaction. The driver adds
// it to its digest before it sends it: one that the service takes for another,
// or does not take for a statement, makes the commit fail.
func checkStatement(statement string) error {
	if statement == "" {
		return ledger.NewError("BadRequestException", "400", "Statement is empty; it must have 1 to 100000 characters")
	}
	for rest := statement; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		if r == utf8.RuneError && size == 1 {
			return ledger.NewError("BadRequestException", "400", fmt.Sprintf(
				"Statement has the byte 0x%02X at offset %d, which is not UTF-8, the encoding of statements; pass bytes as a blob, in a parameter",
				rest[0], len(statement)-len(rest)))
		}
		rest = rest[size:]
	}
	return nil
}
