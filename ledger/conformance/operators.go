package conformance

func operatorCases() []Case {
	const section = "Operators"
	v := func(name string, list ...[2]string) Case {
		return Case{Name: "operator/" + name, Section: section, run: func(c *C) { c.values(list...) }}
	}
	refused := func(name string, list ...string) Case {
		return Case{Name: "operator/" + name, Section: section, run: func(c *C) { c.badValues(list...) }}
	}
	return []Case{
		v("equality-of-numbers", [2]string{"1 = 1.0", "true"}, [2]string{"1 = `1e0`", "true"}, [2]string{"0 = -0.0", "true"},
			[2]string{"1 = '1'", "false"}, [2]string{"1.10 = 1.1", "true"}, [2]string{"1 <> 2", "true"}, [2]string{"1 != 1.0", "false"}),
		v("equality-of-texts", [2]string{"'a' = `a`", "true"}, [2]string{"'a' = 'A'", "false"}, [2]string{"`{{YQ==}}` = `{{\"a\"}}`", "true"}),
		v("equality-of-timestamps", [2]string{"`2020T` = `2020-01-01T00:00Z`", "true"}, [2]string{"`2020-01-01T01:00+01:00` = `2020-01-01T00:00:00.000Z`", "true"},
			[2]string{"`2020T` = `2021T`", "false"}),
		v("equality-of-containers", [2]string{"[1, 2] = [1.0, 2]", "true"}, [2]string{"[1, 2] = [2, 1]", "false"}, [2]string{"{'a': 1, 'b': 2} = {'b': 2, 'a': 1}", "true"},
			[2]string{"{'a': 1} = {'a': 1, 'b': 2}", "false"}, [2]string{"`[null]` = `[null.int]`", "true"}, [2]string{"`(1 2)` = [1, 2]", "false"}),
		v("equality-with-unknown", [2]string{"NULL = NULL", "null"}, [2]string{"1 = NULL", "null"}, [2]string{"NULL <> 1", "null"}, [2]string{"MISSING = 1", "null"}),
		v("equality-ignores-annotations", [2]string{"`a::1` = 1", "true"}, [2]string{"`[x::1]` = [1]", "true"}),
		v("order", [2]string{"1 < 1.5", "true"}, [2]string{"2 >= `2e0`", "true"}, [2]string{"'a' < 'b'", "true"}, [2]string{"'a' < 'B'", "false"},
			[2]string{"`2020T` < `2020-01-01T00:00:01Z`", "true"}, [2]string{"false < true", "true"}, [2]string{"1 > NULL", "null"}),
		refused("order-of-different-kinds", "1 < 'a'", "true > 1", "`2020T` <= 'x'"),
		v("between", [2]string{"2 BETWEEN 1 AND 3", "true"}, [2]string{"1 BETWEEN 1 AND 3", "true"}, [2]string{"4 BETWEEN 1 AND 3", "false"}, [2]string{"4 NOT BETWEEN 1 AND 3", "true"}),
		v("in", [2]string{"1 IN (1, 2)", "true"}, [2]string{"3 IN (1, 2)", "false"}, [2]string{"1.0 IN [1]", "true"}, [2]string{"3 NOT IN (1, 2)", "true"},
			[2]string{"'a' IN <<'b', 'a'>>", "true"}),
		v("is", [2]string{"NULL IS NULL", "true"}, [2]string{"MISSING IS NULL", "true"}, [2]string{"NULL IS MISSING", "false"}, [2]string{"MISSING IS MISSING", "true"},
			[2]string{"1 IS NOT NULL", "true"}, [2]string{"`null.int` IS NULL", "true"}, [2]string{"1 IS INTEGER", "true"}, [2]string{"'a' IS STRING", "true"}, [2]string{"1 IS STRING", "false"}),
		v("logic", [2]string{"true AND NULL", "null"}, [2]string{"false AND NULL", "false"}, [2]string{"true OR NULL", "true"}, [2]string{"NULL OR false", "null"},
			[2]string{"NOT NULL", "null"}, [2]string{"NOT 1 = 2", "true"}, [2]string{"false AND (1 < 'a')", "false"}),
		refused("logic-of-others", "1 AND true", "NOT 'x'"),
		v("like", [2]string{"'abc' LIKE 'a%'", "true"}, [2]string{"'abc' LIKE '_b_'", "true"}, [2]string{"'abc' LIKE 'A%'", "false"}, [2]string{"'a%c' LIKE 'a\\%c' ESCAPE '\\'", "true"},
			[2]string{"'abc' NOT LIKE '%x%'", "true"}, [2]string{"NULL LIKE 'a'", "null"}, [2]string{"'aéb' LIKE 'a_b'", "true"}),
		refused("like-of-others", "1 LIKE 'a'", "'a' LIKE 'a' ESCAPE 'xy'"),
		v("arithmetic-of-integers", [2]string{"7 + 2", "9"}, [2]string{"7 - 9", "-2"}, [2]string{"7 * 2", "14"}, [2]string{"7 / 2", "3"}, [2]string{"-7 / 2", "-3"},
			[2]string{"7 % 3", "1"}, [2]string{"-7 % 3", "-1"}, [2]string{"-(5)", "-5"}, [2]string{"1 + NULL", "null"}),
		v("arithmetic-of-decimals", [2]string{"1 + 0.50", "1.50"}, [2]string{"1.10 - 0.1", "1.00"}, [2]string{"1.5 * 2", "3.0"}, [2]string{"1.0 / 4", "0.25"},
			[2]string{"`1e0` + 1", "2e0"}, [2]string{"`1e0` + 1.5", "2.5"}),
		refused("arithmetic-errors", "1 / 0", "1 % 0", "1 + 'a'", "9223372036854775807 + 1", "-9223372036854775807 - 2", "9223372036854775807 * 2"),
		v("concatenation", [2]string{"'a' || 'b'", `"ab"`}, [2]string{"'a' || `b`", `"ab"`}, [2]string{"'a' || NULL", "null"}),
		refused("concatenation-of-others", "'a' || 1"),
		v("precedence", [2]string{"1 + 2 * 3", "7"}, [2]string{"(1 + 2) * 3", "9"}, [2]string{"true OR false AND false", "true"}, [2]string{"1 + 1 = 2 AND NOT 1 > 2", "true"},
			[2]string{"10 - 2 - 3", "5"}),
		v("literals", [2]string{"'it''s'", `"it's"`}, [2]string{"1.50", "1.50"}, [2]string{"1e3", "1d3"}, [2]string{".5", "0.5"}, [2]string{"123456789012345678901234567890", "123456789012345678901234567890"},
			[2]string{"`a::b::{c:1}`", "a::b::{c:1}"}, [2]string{"`2020-01-01T00:00-00:00`", "2020-01-01T00:00-00:00"}, [2]string{"`{{aGk=}}`", "{{aGk=}}"}, [2]string{"TRUE", "true"}),
	}
}
