package hashchain

import (
	"errors"
	"testing"
)

// TestRecordsAreStrict: what stands around a revision in a record has one reading,
// and so has what there is nothing to verify in.
func TestRecordsAreStrict(t *testing.T) {
	details := func(around, table string) string {
		return `{` + around + `recordType:"REVISION_DETAILS",payload:{` + table + `revision:{hash:{{}}}}}`
	}
	const arn, orders = `qldbStreamArn:"arn",`, `tableInfo:{tableName:"Orders",tableId:"x"},`
	for text, want := range map[string]bool{
		details(arn, orders): true,
		details("", ""):      true,
		`{recordType:"CONTROL",payload:{controlRecordType:"CREATED"}}`: true,

		details(arn, `tableInfo:{tableName:"Orders",tableName:"Refunds"},`): false,
		details(arn, `tableInfo:x::{tableName:"Orders"},`):                  false,
		details(arn, `tableInfo:{tableName:x::"Orders"},`):                  false,
		details(arn, `tableInfo:{tableName:["Orders"]},`):                   false,
		details(arn, `tableInfo:{tableId:null},`):                           false,
		details(arn, `tableInfo:"Orders",`):                                 false,
		details(arn, `tableInfo:null.struct,`):                              false,
		details(`qldbStreamArn:5,`, orders):                                 false,
		details(`qldbStreamArn:x::"arn",`, orders):                          false,
		details(`qldbStreamArn:null,`, orders):                              false,

		`{qldbStreamArn:[],recordType:"BLOCK_SUMMARY",payload:{}}`:        false,
		`{recordType:"CONTROL",payload:x::{controlRecordType:"CREATED"}}`: false,
		`{recordType:"CONTROL",payload:{controlRecordType:x::"CREATED"}}`: false,
		`{recordType:"CONTROL",payload:{controlRecordType:{}}}`:           false,
		`{recordType:"CONTROL",payload:5}`:                                false,
		`{recordType:"CONTROL",payload:null}`:                             false,
	} {
		it, err := Recognize(mustParse(text))
		var f *Failure
		if (err == nil) != want || it.Kind == UnknownItem || err != nil && (!errors.As(err, &f) || f.Rule != RuleShape) {
			t.Errorf("%s: %s, %v", text, it.Kind, err)
		}
	}
}
