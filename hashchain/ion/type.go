package ion

// Type is one of Ion's 13 types. The zero Type, NoType, is the type of the
// zero Value, which stands for "no value at all" and is not an Ion null.
type Type uint8

// The types of Ion 1.0, in the order of the specification. NullType is the
// type of a plain null only; a typed null such as null.int has its own type
// and reports true from [Value.IsNull].
const (
	NoType Type = iota
	NullType
	BoolType
	IntType
	FloatType
	DecimalType
	TimestampType
	SymbolType
	StringType
	ClobType
	BlobType
	ListType
	SexpType
	StructType
)

var typeNames = [...]string{"none", "null", "bool", "int", "float", "decimal", "timestamp", "symbol", "string", "clob", "blob", "list", "sexp", "struct"}

// String is the type's name as Ion text spells it after "null.".
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "invalid"
}

// IsContainer reports whether values of the type have elements or fields.
func (t Type) IsContainer() bool { return t >= ListType && t <= StructType }

// IsText reports whether the type is string or symbol.
func (t Type) IsText() bool { return t == StringType || t == SymbolType }

// IsLob reports whether the type is blob or clob.
func (t Type) IsLob() bool { return t == BlobType || t == ClobType }

// IsNumber reports whether the type is int, float or decimal.
func (t Type) IsNumber() bool { return t >= IntType && t <= DecimalType }

// typeOfCode maps the type code in the high nibble of a descriptor byte.
// Code 14 is an annotation wrapper and 15 is reserved; both map to NoType.
var typeOfCode = [16]Type{NullType, BoolType, IntType, IntType, FloatType, DecimalType, TimestampType,
	SymbolType, StringType, ClobType, BlobType, ListType, SexpType, StructType, NoType, NoType}

// codeOfType is the type code that a null of the type is written with.
var codeOfType = [14]byte{StructType: 13, NullType: 0, BoolType: 1, IntType: 2, FloatType: 4, DecimalType: 5, TimestampType: 6,
	SymbolType: 7, StringType: 8, ClobType: 9, BlobType: 10, ListType: 11, SexpType: 12}
