// Package ion holds Amazon Ion 1.0 values as immutable views on their binary
// encoding.
//
// A [Value] points at the bytes of one value and at the symbol table that
// those bytes refer to. Nothing is decoded before it is asked for: a field of
// a struct is found by skipping over its neighbours. The same bytes travel from
// the wire to the disk and back, so that what was hashed is what is stored.
//
// # Where values come from
//
//   - [Parse], [ParseAll] and [Reader] check every byte of untrusted binary
//     input; a Value that they return can be used without a further check.
//   - [Decoder] opens bytes that were checked before they were stored. It looks
//     at the symbol table and the outermost header only.
//   - [ParseText] and [TextReader] read Ion text, straight into binary.
//   - [Writer] builds values; [Marshal] converts Go values by the rules of
//     ion-go, and [Value.Unmarshal] converts back.
//
// # What can be done with them
//
//   - [Value.Hash] is the Ion Hash with SHA-256, the one that QLDB's journal
//     is made of; a [Hasher] remembers fields that come again.
//   - [Identical] compares all of a value, [Equal] as PartiQL's = does inside
//     containers; [Compare] is a total order that agrees with Equal, and
//     [AppendKey] makes keys for maps and indexes that do too.
//   - [Value.Encode] is binary, [Value.String] and [AppendPretty] are text.
//
// # Invariants
//
//   - A Value never changes. The bytes given to Parse or Decoder must not be
//     modified while a Value made from them is in use.
//   - No accessor panics, whatever the bytes are. An accessor that does not fit
//     the value's type, or meets damage, reports false.
//   - Nesting deeper than [MaxDepth] is an error, in binary, in text and in Go
//     values. So is a number of more than [MaxNumberSize], and a symbol table of
//     more than [MaxSymbols].
//   - Fields are found in time in proportion to the length of their struct,
//     whatever the symbol tables of the stream are.
//   - Malformed input gives a [SyntaxError] that names the byte offset. Reading
//     allocates no more than a small multiple of the input, whatever lengths
//     and counts the input claims. Who keeps many values counts their
//     [Value.MemorySize]: a symbol table may take many times the bytes of the
//     value behind it.
//   - What a Writer gives out, Parse accepts.
//
// # What is not here
//
// No I/O but io.Reader, no storage, no knowledge of QLDB's journal (that is
// package hashchain) and no PartiQL.
package ion
