package ledgerstack

import (
	"fmt"
	"sort"
)

// ConfigError is one refused value of a Config. Config.Validate joins them with
// errors.Join; errors.As finds the first.
type ConfigError struct {
	// Key is the configuration key, for example "ledger:name".
	Key string
	// Value is the refused value, empty where it is missing.
	Value string
	// Rule is the rule it breaks, Remedy what to do about it.
	Rule, Remedy string
}

// Error names the key, the value, the rule and the remedy.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("%s = %q: %s; %s", e.Key, e.Value, e.Rule, e.Remedy)
}

// refusals collects the errors of one Config.
type refusals []error

func (r *refusals) add(key, value, rule, remedy string) {
	*r = append(*r, &ConfigError{Key: key, Value: value, Rule: rule, Remedy: remedy})
}

// when adds a refusal where a rule of rules.go was broken; an empty rule is none.
func (r *refusals) when(rule, key, value, remedy string) {
	if rule != "" {
		r.add(key, value, rule, remedy)
	}
}

// sortedKeys gives a map's keys in an order that does not change between runs.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
