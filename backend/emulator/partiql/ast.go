package partiql

import "github.com/tallyledger/tally/hashchain/ion"

// Statement is a parsed statement. It is immutable and may be shared.
type Statement struct {
	Text   string // as it was given to Parse
	Params int    // how many ? it has
	Body   Node   // *Select, *Insert, *DML, *CreateTable, …
	tokens int
}

// Node is an expression or the body of a statement.
type Node interface {
	// Start is where the node begins, or where its operator stands.
	Start() Pos
}

// Expr is an expression.
type Expr interface {
	Node
	expr()
}

// The expressions.
type (
	// Literal is a constant. Ion tells a literal between back-ticks from one in
	// PartiQL's own notation.
	Literal struct {
		Pos
		Value ion.Value
		Ion   bool
	}
	// Missing is the literal MISSING.
	Missing struct{ Pos }
	// Param is ?; Ordinal counts from 1.
	Param struct {
		Pos
		Ordinal int
	}
	// Var is a name. Lexical marks @name.
	Var struct {
		Pos
		Name    string
		Quoted  bool
		Lexical bool
	}
	// Path is Root followed by steps.
	Path struct {
		Pos
		Root  Expr
		Steps []Step
	}
	// Unary is + or - in front of an operand, or NOT.
	Unary struct {
		Pos
		Op      string
		Operand Expr
	}
	// Binary is an operator between two operands: = <> < <= > >= + - * / % ||.
	Binary struct {
		Pos
		Op          string
		Left, Right Expr
	}
	// Logic is a chain of AND or OR.
	Logic struct {
		Pos
		Or   bool
		Args []Expr
	}
	// In is [NOT] IN.
	In struct {
		Pos
		Not         bool
		Left, Right Expr
	}
	// Is is IS [NOT] type.
	Is struct {
		Pos
		Not     bool
		Operand Expr
		Type    TypeName
	}
	// Like is [NOT] LIKE; Escape may be nil.
	Like struct {
		Pos
		Not                      bool
		Operand, Pattern, Escape Expr
	}
	// Between is [NOT] BETWEEN.
	Between struct {
		Pos
		Not                bool
		Operand, Low, High Expr
	}
	// Case is CASE; Operand is nil in the searched form, Else may be nil.
	Case struct {
		Pos
		Operand Expr
		Whens   []When
		Else    Expr
	}
	// Cast is CAST(e AS type).
	Cast struct {
		Pos
		Operand Expr
		Type    TypeName
	}
	// Call is a call of a function; Name is in lower case. Part is the part of
	// a date or the specification of TRIM, or empty.
	Call struct {
		Pos
		Name string
		Part string
		Args []Expr
	}
	// Aggregate is COUNT, SUM, AVG, MIN or MAX; Arg is nil for COUNT(*).
	Aggregate struct {
		Pos
		Name     string
		Distinct bool
		Arg      Expr
	}
	// Sequence is a constructor of a list or a bag.
	Sequence struct {
		Pos
		Bag   bool
		Items []Expr
	}
	// Struct is a constructor of a struct.
	Struct struct {
		Pos
		Fields []StructField
	}
	// Select is a query, at the top or nested.
	Select struct {
		Pos
		Distinct bool
		Value    Expr // SELECT VALUE
		Star     bool // SELECT *
		Items    []SelectItem
		From     []FromSource
		Where    Expr
	}
)

// Step is one step of a path.
type Step struct {
	Pos
	Kind   StepKind
	Name   string // of a StepField
	Quoted bool
	Index  Expr // of a StepIndex
}

// StepKind tells the steps of paths apart.
type StepKind uint8

// The steps: .name, [expr], [*] and .*.
const (
	StepField StepKind = iota
	StepIndex
	StepWildcard
	StepUnpivot
)

// TypeName is the name of a type with its parameters.
type TypeName struct {
	Pos
	Name   string // canonical: boolean, integer, double_precision, …
	Params []int64
}

// When is one branch of CASE.
type When struct{ Cond, Result Expr }

// StructField is one member of a struct constructor.
type StructField struct{ Name, Value Expr }

// SelectItem is an element of a select list: an expression with an optional
// alias, or, with Star, expr.* .
type SelectItem struct {
	Expr  Expr
	Alias *Ident
	Star  bool
}

// Ident is a name that the statement defines or that names a table, a field or
// an index.
type Ident struct {
	Pos
	Name   string
	Quoted bool
}

// FromSource is one source of a FROM clause. Join says how it is connected with
// the sources before it; On is the condition of an inner join.
type FromSource struct {
	Expr       Expr
	Unpivot    bool
	As, At, By *Ident
	Join       JoinKind
	On         Expr
}

// JoinKind tells joins apart.
type JoinKind uint8

// The ways to join. The first source has JoinNone.
const (
	JoinNone JoinKind = iota
	JoinComma
	JoinInner
	JoinCross
)

// The statements that are no queries.
type (
	// Insert is INSERT INTO a table.
	Insert struct {
		Pos
		Table  *Path // Root is a *Var
		Single bool  // INSERT INTO T VALUE e
		Value  Expr
		At     Expr
	}
	// DML is UPDATE, DELETE or a statement that begins with FROM.
	DML struct {
		Pos
		Form  DMLForm
		From  []FromSource
		Where Expr
		Op    DMLOp
	}
	// CreateTable is CREATE TABLE; Tags is nil without WITH.
	CreateTable struct {
		Pos
		Name Ident
		Tags *ion.Value
	}
	// DropTable is DROP TABLE.
	DropTable struct {
		Pos
		Name Ident
	}
	// UndropTable is UNDROP TABLE; ID names the table by its id.
	UndropTable struct {
		Pos
		ID Ident
	}
	// CreateIndex is CREATE INDEX ON table (fields).
	CreateIndex struct {
		Pos
		Table  Ident
		Fields []Path
	}
	// DropIndex is DROP INDEX "id" ON table WITH (purge = true).
	DropIndex struct {
		Pos
		ID    Ident
		Table Ident
		Purge bool
	}
	// Exec is EXEC of a stored procedure.
	Exec struct {
		Pos
		Name Ident
		Args []Expr
	}
	// SetOp is UNION, EXCEPT or INTERSECT, which parse and are not supported.
	SetOp struct {
		Pos
		Op          string
		Left, Right Expr
	}
)

// DMLForm is the spelling of a DML statement.
type DMLForm uint8

// The forms of DML.
const (
	FormUpdate DMLForm = iota
	FormDelete
	FormFrom
)

// DMLOp is what a DML statement does: one of
// *InsertInto, *SetFields, *Remove and *DeleteOp.
type DMLOp interface{ dmlOp() }

// The operations of DML.
type (
	// InsertInto adds to a collection inside a document.
	InsertInto struct {
		Target *Path
		Single bool
		Value  Expr
		At     Expr
	}
	// SetFields is SET.
	SetFields struct{ Assignments []Assignment }
	// Remove is REMOVE.
	Remove struct{ Target *Path }
	// DeleteOp is DELETE.
	DeleteOp struct{}
)

// Assignment is one path = value of SET.
type Assignment struct {
	Target *Path
	Value  Expr
}

func (*InsertInto) dmlOp() {}
func (*SetFields) dmlOp()  {}
func (*Remove) dmlOp()     {}
func (*DeleteOp) dmlOp()   {}

// Start is the position itself; nodes embed it.
func (p Pos) Start() Pos { return p }

func (*Literal) expr()   {}
func (*Missing) expr()   {}
func (*Param) expr()     {}
func (*Var) expr()       {}
func (*Path) expr()      {}
func (*Unary) expr()     {}
func (*Binary) expr()    {}
func (*Logic) expr()     {}
func (*In) expr()        {}
func (*Is) expr()        {}
func (*Like) expr()      {}
func (*Between) expr()   {}
func (*Case) expr()      {}
func (*Cast) expr()      {}
func (*Call) expr()      {}
func (*Aggregate) expr() {}
func (*Sequence) expr()  {}
func (*Struct) expr()    {}
func (*Select) expr()    {}
func (*SetOp) expr()     {}
