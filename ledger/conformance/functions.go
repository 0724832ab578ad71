package conformance

func functionCases() []Case {
	const section = "Functions"
	v := func(name string, list ...[2]string) Case {
		return Case{Name: "function/" + name, Section: section, run: func(c *C) { c.values(list...) }}
	}
	refused := func(name string, list ...string) Case {
		return Case{Name: "function/" + name, Section: section, run: func(c *C) { c.badValues(list...) }}
	}
	return []Case{
		v("cast-to-integer", [2]string{"CAST(1.75 AS INTEGER)", "1"}, [2]string{"CAST('7' AS INT)", "7"}, [2]string{"CAST(true AS INTEGER)", "1"}, [2]string{"CAST(`-2.9e0` AS INT)", "-2"}, [2]string{"CAST(NULL AS INT)", "null"}),
		v("cast-to-boolean", [2]string{"CAST('True' AS BOOLEAN)", "true"}, [2]string{"CAST('a' AS BOOL)", "false"}, [2]string{"CAST(0 AS BOOL)", "false"}, [2]string{"CAST(2.5 AS BOOL)", "true"}),
		v("cast-to-string", [2]string{"CAST(5 AS STRING)", `"5"`}, [2]string{"CAST(`1e0` AS VARCHAR)", `"1.0"`}, [2]string{"CAST(false AS STRING)", `"false"`}, [2]string{"CAST('a' AS SYMBOL)", "a"}, [2]string{"CAST(`2020-01-01T` AS STRING)", `"2020-01-01"`}),
		v("cast-to-numbers", [2]string{"CAST('1.50' AS DECIMAL)", "1.50"}, [2]string{"CAST(1 AS FLOAT)", "1e0"}, [2]string{"CAST('2.5' AS DOUBLE PRECISION)", "2.5e0"}),
		v("cast-to-timestamp", [2]string{"CAST('2020-01-01T00:00:00Z' AS TIMESTAMP)", "2020-01-01T00:00:00Z"}),
		v("cast-to-containers", [2]string{"CAST(`(1 2)` AS LIST)", "[1,2]"}, [2]string{"CAST(`[1,2]` AS SEXP)", "(1 2)"}, [2]string{"CAST({'a': 1} AS STRUCT)", "{a:1}"}),
		refused("cast-errors", "CAST(1 AS TIMESTAMP)", "CAST('x' AS INT)", "CAST([1] AS INT)", "CAST(true AS STRUCT)", "CAST('99999999999999999999' AS INT)"),
		v("text", [2]string{"CHAR_LENGTH('añb')", "3"}, [2]string{"CHARACTER_LENGTH('')", "0"}, [2]string{"UPPER('aé')", `"AÉ"`}, [2]string{"lower('AbC')", `"abc"`}, [2]string{"UPPER(NULL)", "null"}),
		v("substring", [2]string{"SUBSTRING('123456789', 3)", `"3456789"`}, [2]string{"SUBSTRING('123456789', 3, 2)", `"34"`}, [2]string{"SUBSTRING('123456789', 0, 2)", `"1"`},
			[2]string{"SUBSTRING('123456789', -4)", `"123456789"`}, [2]string{"SUBSTRING('123' FROM 2 FOR 1)", `"2"`}, [2]string{"SUBSTRING('1', 5)", `""`}),
		refused("substring-errors", "SUBSTRING('abc', 1, -1)", "SUBSTRING(1, 1)"),
		v("trim", [2]string{"TRIM('  a ')", `"a"`}, [2]string{"TRIM(LEADING FROM '  a ')", `"a "`}, [2]string{"TRIM(TRAILING 'x' FROM 'axx')", `"a"`}, [2]string{"TRIM(BOTH '12' FROM '1112211foobar22211122')", `"foobar"`}),
		v("size", [2]string{"SIZE([1,2])", "2"}, [2]string{"SIZE({'a': 1})", "1"}, [2]string{"SIZE(<<1,2,3>>)", "3"}, [2]string{"SIZE(NULL)", "null"}),
		refused("size-of-others", "SIZE(1)", "SIZE('abc')"),
		v("exists", [2]string{"EXISTS([1])", "true"}, [2]string{"EXISTS([])", "false"}, [2]string{"EXISTS({})", "false"}, [2]string{"EXISTS(NULL)", "false"}),
		v("coalesce", [2]string{"COALESCE(NULL, MISSING, 2, 3)", "2"}, [2]string{"COALESCE(NULL)", "null"}, [2]string{"COALESCE('a', NULL)", `"a"`}),
		v("nullif", [2]string{"NULLIF(1.0, 1)", "null"}, [2]string{"NULLIF(1, 2)", "1"}, [2]string{"NULLIF(NULL, 1)", "null"}),
		v("extract", [2]string{"EXTRACT(YEAR FROM `2020-02-03T04:05:06.789+01:30`)", "2020"}, [2]string{"EXTRACT(MONTH FROM `2020T`)", "1"}, [2]string{"EXTRACT(HOUR FROM `2020-02-03T04:05+01:30`)", "4"},
			[2]string{"EXTRACT(TIMEZONE_HOUR FROM `2020-02-03T04:05+01:30`)", "1"}, [2]string{"EXTRACT(TIMEZONE_MINUTE FROM `2020-02-03T04:05+01:30`)", "30"}),
		v("date-add", [2]string{"DATE_ADD(year, 5, `2010-01-01T`)", "2015-01-01"}, [2]string{"DATE_ADD(month, 1, `2010T`)", "2010-02T"}, [2]string{"DATE_ADD(month, 1, `2010-01-31T`)", "2010-02-28"},
			[2]string{"DATE_ADD(day, -1, `2010-01-01T00:00:00.5Z`)", "2009-12-31T00:00:00.5Z"}, [2]string{"DATE_ADD(minute, 1, `2017-01-02T03:04:05.006Z`)", "2017-01-02T03:05:05.006Z"}),
		v("date-diff", [2]string{"DATE_DIFF(year, `2010-01-01T`, `2011-01-01T`)", "1"}, [2]string{"DATE_DIFF(year, `2010-12T`, `2011-01T`)", "0"}, [2]string{"DATE_DIFF(month, `2010T`, `2010-05T`)", "4"},
			[2]string{"DATE_DIFF(day, `2010-01-01T23:00Z`, `2010-01-02T01:00Z`)", "0"}, [2]string{"DATE_DIFF(second, `2010-01-01T00:00:00Z`, `2010-01-01T00:01:00Z`)", "60"}),
		v("to-string", [2]string{"TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y')", `"July 20, 1969"`}, [2]string{"TO_STRING(`1969-07-20T20:18Z`, 'MMM d, yyyy')", `"Jul 20, 1969"`},
			[2]string{"TO_STRING(`1969-07-20T20:18Z`, 'y-MM-dd''T''H:m:ssX')", `"1969-07-20T20:18:00Z"`}, [2]string{"TO_STRING(`1969-07-20T20:18+08:00`, 'h:mm a xxx')", `"8:18 PM +08:00"`}),
		v("to-timestamp", [2]string{"TO_TIMESTAMP('2007T')", "2007T"}, [2]string{"TO_TIMESTAMP('2007-02-23T12:14:33.079-08:00')", "2007-02-23T12:14:33.079-08:00"},
			[2]string{"TO_TIMESTAMP('2016', 'y')", "2016T"}, [2]string{"TO_TIMESTAMP('July 20, 1969', 'MMMM d, y')", "1969-07-20"}),
		refused("unknown", "foo(1)", "ABS(1)"),
		refused("arity", "CHAR_LENGTH()", "CHAR_LENGTH('a', 'b')", "COALESCE()"),
		{Name: "function/txid", Section: section, run: func(c *C) {
			c.in(func(t *txn) { t.q("SELECT VALUE TXID() FROM << 0 >>").is(`"` + t.tx.ID() + `"`) })
		}},
		{Name: "function/utcnow", Section: section, Chosen: "the start of the statement, in milliseconds with offset Z", run: func(c *C) {
			ts, ok := c.q("SELECT VALUE UTCNOW() FROM << 0 >>").one().Timestamp()
			if !ok || !ts.OffsetKnown || ts.Offset != 0 || ts.FractionDigits != 3 {
				c.fatal("UTCNOW() gave %s, want milliseconds and Z", ts)
			}
		}},
	}
}
