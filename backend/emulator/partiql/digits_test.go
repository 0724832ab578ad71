package partiql_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

// TestNumbersOfManyDigits: beyond 100,000 digits too a number is cast, compared or
// refused with the rule that it breaks.
func TestNumbersOfManyDigits(t *testing.T) {
	const tooLarge = "! A decimal that is computed with has an exponent from -20000 to 20000 and at most 100000 digits"
	m := newMemory()
	many := strings.Repeat("7", 120_000)
	rounded := strings.Repeat("7", 37) + "8d119962"
	for number, cases := range map[string]map[string]string{
		many: {
			"CAST(x AS DECIMAL)": rounded, "CAST(x AS FLOAT)": "+inf", "CAST(x AS BOOLEAN)": "true", "CHAR_LENGTH(CAST(x AS STRING))": "120000",
			"CAST(CAST(x AS STRING) AS DECIMAL)": rounded, "x > 1.5": "true", "x = CAST(x AS DECIMAL)": "false", "-x": "! Int overflow", "x + 1": "! Int overflow",
		},
		"-" + many: {"CAST(x AS DECIMAL)": "-" + rounded, "CAST(x AS FLOAT)": "-inf"},
		many + ".": {
			"CAST(x AS INTEGER)": "! Int overflow", "CAST(x AS FLOAT)": "+inf", "CHAR_LENGTH(CAST(x AS STRING))": "120000", "-x < 0": "true", "3 % x": "3.",
			"x + 1": tooLarge, "1 - x": tooLarge, "x * x": tooLarge, "x / 3": tooLarge, "x % 3": tooLarge, "SUM([1, x])": tooLarge, "AVG([x, 1])": tooLarge,
		},
		"0." + many: {"CAST(x AS INTEGER)": "0", "CAST(x AS FLOAT)": "0.7777777777777778e0", "x < 0.5": "false", "x + 1": tooLarge, "x / 3": tooLarge},
	} {
		x, err := ion.ParseText(number)
		if err != nil {
			t.Fatal(err)
		}
		for expr, want := range cases {
			res, err := m.run(context.Background(), "SELECT VALUE "+expr+" FROM <<?>> AS x", x)
			got := ""
			if err != nil {
				_, got, _ = strings.Cut(err.Error(), ": at line 1, column ")
				_, got, _ = strings.Cut(got, ": ")
				got = "! " + got
			} else {
				got = res.rows[0].String()
			}
			if got != want && (want[0] != '!' || !strings.HasPrefix(got, want) || len(got) > 1000) {
				t.Errorf("%.5s… (%d): %s gives %.200s, want %.100s", number, len(number), expr, got, want)
			}
		}
	}
}
