package ion

import "encoding/base64"

// lob reads a blob or clob, whose {{ was skipped, and writes it.
func (p *textParser) lob(start int64) {
	p.in.blank()
	p.scratch = p.scratch[:0]
	switch {
	case p.in.accept('"'):
		p.scratch = p.in.run(p.scratch, textKind{quote: '"', clob: true})
		p.endLob(start)
		p.clob()
	case p.in.acceptTriple('\''):
		p.scratch = p.in.run(p.scratch, textKind{quote: '\'', long: true, clob: true})
		for p.in.blank(); p.in.acceptTriple('\''); p.in.blank() {
			p.scratch = p.in.run(p.scratch, textKind{quote: '\'', long: true, clob: true})
		}
		p.endLob(start)
		p.clob()
	default:
		p.blob(start)
	}
}

func (p *textParser) clob() {
	if p.in.err == nil {
		p.w.Clob(p.scratch)
	}
}

// endLob steps over the closing braces.
func (p *textParser) endLob(start int64) {
	p.in.blank()
	if p.in.peek() != '}' || p.in.peekAt(1) != '}' {
		p.in.fail(p.in.offset(), "blob or clob that begins at offset %d must end with }}, found %s", start, describe(p.in.peek()))
		return
	}
	p.in.skip(2)
}

func (p *textParser) blob(start int64) {
	for {
		p.in.blank()
		c := p.in.peek()
		if !isBase64(c) {
			break
		}
		p.in.skip(1)
		p.scratch = append(p.scratch, byte(c))
		if len(p.scratch) > MaxValueSize {
			p.in.fail(start, "blob is larger than %d bytes", MaxValueSize)
			return
		}
	}
	p.endLob(start)
	n, err := base64.StdEncoding.Decode(p.scratch, p.scratch)
	if err != nil {
		p.in.fail(start, "blob is not base64 with its padding")
	}
	if p.in.err == nil {
		p.w.Blob(p.scratch[:n])
	}
}

func isBase64(c int) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '='
}
