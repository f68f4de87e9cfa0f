package dap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/argusdbg/argus/backend"
)

const helpExamine = `Shows memory.

	argus examinemem [-fmt <format>] [-count <n>] [-size <n>] <address>
	argus examinemem [-fmt <format>] [-count <n>] [-size <n>] -x <expression>

The format is hex (as when none is given), dec, oct, bin or raw. The count is how many there are to be shown, the size
how many bytes each has: 1 to 8. Both are 1 if not given, and not more than 1000 bytes are shown. The value of the
expression is an address, or a pointer.

	x -count 20 0xc00008af38
	x -count 4 -size 8 -x &counters`

// maxExamined is how many bytes the command shows.
const maxExamined = 1000

// examination is what to show of memory.
type examination struct {
	format  byte // 'x', 'd', 'o', 'b', or 'r' for raw
	count   int
	size    int  // of each, in bytes: 1 to 8
	expr    bool // operand is an expression, and no address
	operand string
}

func commandExamine(s *session, r *request, at backend.Scope, args string) (string, error) {
	e, err := parseExamine(args)
	if err != nil {
		return "", err
	}
	addr, err := s.examined(r, at, e)
	if err != nil {
		return "", err
	}
	buf := make([]byte, min(e.count*e.size, maxExamined)/e.size*e.size)
	if err := s.target.ReadMemory(r.ctx, addr, buf); err != nil {
		return "", fmt.Errorf("examine memory error: %w", err)
	}
	if e.format == 'r' {
		return string(buf), nil
	}
	return formatMemory(addr, buf, e.format, e.size), nil
}

// examined is the address that is meant.
func (s *session) examined(r *request, at backend.Scope, e *examination) (uint64, error) {
	text := e.operand
	if e.expr {
		v, err := s.target.Evaluate(r.ctx, at, "uintptr("+e.operand+")", s.load())
		if err != nil {
			return 0, fmt.Errorf("%s is neither an address nor a pointer: %w", e.operand, err)
		}
		text = v.Plain
	}
	addr, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no address: %w", text, errors.Unwrap(err))
	}
	return addr, nil
}

var examineFormats = map[string]byte{
	"x": 'x', "hex": 'x', "hexadecimal": 'x', "d": 'd', "dec": 'd', "decimal": 'd',
	"o": 'o', "oct": 'o', "octal": 'o', "b": 'b', "bin": 'b', "binary": 'b', "raw": 'r',
}

func parseExamine(args string) (*examination, error) {
	e := &examination{format: 'x', count: 1, size: 1}
	for {
		word, rest := firstWord(args)
		if !strings.HasPrefix(word, "-") {
			break
		}
		if word == "-x" {
			e.expr, args = true, rest
			break
		}
		value, rest := firstWord(rest)
		if value == "" {
			return nil, fmt.Errorf("expected argument after %s", word)
		}
		args = rest
		n, err := strconv.Atoi(value)
		switch {
		case word == "-fmt":
			if e.format = examineFormats[value]; e.format == 0 {
				return nil, fmt.Errorf("%q is not a valid format", value)
			}
		case word != "-count" && word != "-len" && word != "-size":
			return nil, fmt.Errorf("unknown option %s", word)
		case err != nil || n <= 0:
			return nil, fmt.Errorf("%s must be a positive number", word)
		case word != "-size":
			e.count = min(n, maxExamined)
		case n > 8:
			return nil, errors.New("-size must be 8 or less")
		default:
			e.size = n
		}
	}
	if e.operand = args; e.operand == "" {
		return nil, errors.New("no address specified")
	}
	return e, nil
}

// formatMemory writes numbers of size bytes each in rows, each with its address.
func formatMemory(addr uint64, mem []byte, format byte, size int) string {
	columns, verb := 8, fmt.Sprintf("0x%%0%dx\t", 2*size)
	switch format {
	case 'b':
		columns, verb = 4, fmt.Sprintf("%%0%db\t", 8*size)
	case 'o':
		verb = fmt.Sprintf("0%%0%do\t", 3*size)
	case 'd':
		verb = fmt.Sprintf("%%0%dd\t", 3*size)
	}
	width := len(fmt.Sprintf("%x", addr+uint64(len(mem))))
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	for i := 0; i+size <= len(mem); i += size {
		if i%(columns*size) == 0 {
			if i > 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintf(w, "0x%0*x:\t", width, addr+uint64(i))
		}
		var word [8]byte
		copy(word[:], mem[i:i+size])
		fmt.Fprintf(w, verb, binary.LittleEndian.Uint64(word[:]))
	}
	fmt.Fprintln(w)
	_ = w.Flush() // to memory
	return b.String()
}
