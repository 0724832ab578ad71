package hashchain

import "github.com/tallyledger/tally/hashchain/ion"

// recognizeRecord looks into a record of a journal stream.
func recognizeRecord(v ion.Value) (Item, error) {
	kind, _ := v.Field("recordType")
	payload, _ := v.Field("payload")
	it := Item{Value: v}
	switch {
	case kind.TextIs("CONTROL"):
		if !only(v, "qldbStreamArn", "recordType", "payload") || !only(payload, "controlRecordType") {
			return it, nil
		}
		it = Item{Kind: ControlItem, Name: "CONTROL record", Value: payload}
	case kind.TextIs("BLOCK_SUMMARY"):
		it = blockItem(payload, "BLOCK_SUMMARY record")
		it.Kind = SummaryItem
	case kind.TextIs("REVISION_DETAILS"):
		r, _ := payload.Field("revision")
		it = revisionItem(r, "REVISION_DETAILS record")
	default:
		return it, nil
	}
	it.Record = true
	it.ExtraFields = extraOf(v, "qldbStreamArn", "recordType", "payload")
	err := checkRecord(v)
	switch {
	case err != nil:
	case it.Kind == ControlItem:
		err = checkControl(payload)
	case it.Kind == RevisionItem:
		it.ExtraFields += extraOf(payload, "tableInfo", "revision")
		if table, ok := payload.Field("tableInfo"); ok {
			it.ExtraFields += extraOf(table, "tableName", "tableId")
			err = checkTableInfo(table)
		}
		if err2 := checkDetails(payload); err2 != nil {
			err = err2
		}
	}
	return it, err
}

// checkRecord looks at what is around the payload.
func checkRecord(v ion.Value) error {
	if err := once("the record", v); err != nil {
		return err
	}
	kind, _ := v.Field("recordType")
	if v.HasAnnotations() || kind.HasAnnotations() {
		return shape("a record and its recordType must have no annotations")
	}
	if arn, ok := v.Field("qldbStreamArn"); ok && !plainString(arn) {
		return shape("the qldbStreamArn of a record must be a string without annotations, not %s", describeType(arn))
	}
	return nil
}

// checkDetails looks at the payload of a REVISION_DETAILS record, and leaves the
// revision in it alone.
func checkDetails(payload ion.Value) error {
	if _, ok := payload.Field("revision"); !ok {
		return shape("the payload must be a struct {tableInfo, revision}")
	}
	if payload.HasAnnotations() {
		return shape("the payload of a record must have no annotations")
	}
	return once("the payload", payload)
}

func checkTableInfo(v ion.Value) error {
	if v.Type() != ion.StructType || v.IsNull() || v.HasAnnotations() {
		return shape("tableInfo must be a struct {tableName, tableId} without annotations, not %s", describeType(v))
	}
	for it := v.Iter(); it.Next(); {
		if known := it.Name() == "tableName" || it.Name() == "tableId"; known && !plainString(it.Value()) {
			return shape("the %s in tableInfo must be a string without annotations, not %s", it.Name(), describeType(it.Value()))
		}
	}
	return once("tableInfo", v)
}

// checkControl looks at the payload of a CONTROL record, which has no other members
// than controlRecordType.
func checkControl(payload ion.Value) error {
	if payload.Type() != ion.StructType || payload.IsNull() || payload.HasAnnotations() {
		return shape("the payload must be a struct {controlRecordType} without annotations, not %s", describeType(payload))
	}
	if kind, ok := payload.Field("controlRecordType"); ok && !plainString(kind) {
		return shape("the controlRecordType must be a string without annotations, not %s", describeType(kind))
	}
	return once("the payload", payload)
}

func plainString(v ion.Value) bool {
	return v.Type() == ion.StringType && !v.IsNull() && !v.HasAnnotations()
}

// describeType says what a value is where something else should be.
func describeType(v ion.Value) string {
	switch {
	case v.HasAnnotations():
		return "an annotated " + v.Type().String()
	case v.IsNull():
		return "null"
	}
	return v.Type().String()
}
