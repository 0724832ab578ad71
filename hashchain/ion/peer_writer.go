package ion

import (
	"errors"
	"math/big"

	iongo "github.com/amzn/ion-go/ion"
)

// peerWriter lets a Marshaler that knows ion-go's Writer write to ours.
type peerWriter struct {
	w *Writer
}

var _ iongo.Writer = (*peerWriter)(nil)

func (p *peerWriter) sid(t iongo.SymbolToken) uint32 {
	if t.Text != nil {
		return p.w.sid(*t.Text)
	}
	if t.LocalSID != 0 {
		p.w.fail(errors.New("ion: symbol token without text"))
	}
	return 0
}

func (p *peerWriter) FieldName(t iongo.SymbolToken) error {
	p.w.fieldSID(p.sid(t))
	return p.w.Err()
}

func (p *peerWriter) Annotation(t iongo.SymbolToken) error { return p.Annotations(t) }

func (p *peerWriter) Annotations(ts ...iongo.SymbolToken) error {
	for _, t := range ts {
		p.w.notes = append(p.w.notes, p.sid(t))
	}
	return p.w.Err()
}

func (p *peerWriter) WriteNull() error { return p.WriteNullType(iongo.NullType) }

func (p *peerWriter) WriteNullType(t iongo.Type) error {
	p.w.Null(Type(t))
	return p.w.Err()
}

func (p *peerWriter) WriteBool(b bool) error {
	p.w.Bool(b)
	return p.w.Err()
}

func (p *peerWriter) WriteInt(n int64) error {
	p.w.Int(n)
	return p.w.Err()
}

func (p *peerWriter) WriteUint(n uint64) error {
	p.w.Uint(n)
	return p.w.Err()
}

func (p *peerWriter) WriteBigInt(n *big.Int) error {
	p.w.BigInt(n)
	return p.w.Err()
}

func (p *peerWriter) WriteFloat(f float64) error {
	p.w.Float(f)
	return p.w.Err()
}

func (p *peerWriter) WriteDecimal(d *iongo.Decimal) error {
	p.w.Decimal(decimalOf(d))
	return p.w.Err()
}

func (p *peerWriter) WriteTimestamp(t iongo.Timestamp) error {
	p.w.Timestamp(timestampOf(t))
	return p.w.Err()
}

func (p *peerWriter) WriteSymbol(t iongo.SymbolToken) error {
	p.w.symbol(p.sid(t))
	return p.w.Err()
}

func (p *peerWriter) WriteSymbolFromString(s string) error {
	p.w.Symbol(s)
	return p.w.Err()
}

func (p *peerWriter) WriteString(s string) error {
	p.w.String(s)
	return p.w.Err()
}

func (p *peerWriter) WriteClob(b []byte) error {
	p.w.Clob(b)
	return p.w.Err()
}

func (p *peerWriter) WriteBlob(b []byte) error {
	p.w.Blob(b)
	return p.w.Err()
}

func (p *peerWriter) begin(code byte) error {
	p.w.beginContainer(code)
	return p.w.Err()
}

func (p *peerWriter) end(code byte) error {
	if n := len(p.w.open); n == 0 || p.w.heads[p.w.open[n-1]].code != code {
		p.w.fail(errors.New("ion: the end of a container does not fit its begin"))
	}
	p.w.End()
	return p.w.Err()
}

func (p *peerWriter) BeginList() error   { return p.begin(codeList) }
func (p *peerWriter) EndList() error     { return p.end(codeList) }
func (p *peerWriter) BeginSexp() error   { return p.begin(codeSexp) }
func (p *peerWriter) EndSexp() error     { return p.end(codeSexp) }
func (p *peerWriter) BeginStruct() error { return p.begin(codeStruct) }
func (p *peerWriter) EndStruct() error   { return p.end(codeStruct) }
func (p *peerWriter) Finish() error      { return p.w.Err() }
func (p *peerWriter) IsInStruct() bool   { return p.w.inStruct() }
