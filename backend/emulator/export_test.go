package emulator

// What tests of package emulator_test need of the inside.
var (
	WithStore = withStore
	CreatedBy = createdBy
	Seal      = seal
)
