package cond

import (
	"fmt"
	"strconv"
	"strings"
)

// where is what a part of a variable is in.
type where uint8

const (
	nowhere    where = iota
	inFrame          // memory, at an offset from the frame
	inRegister       //
	inOld            // the value before the access
	inNew            // the value after
)

// part is a piece of a variable that is not in one place.
type part struct {
	where where
	at    int64 // offset, or number of the register
	size  int64 // in bytes; of a variable in one part that of the variable
}

// parseLocation reads a DWARF location as Delve prints it (op.PrettyPrint): what Go's
// compiler writes is an offset from the frame, a register, or some of these with their
// sizes (DWARF 5, sections 2.6.1.1 and 2.6.1.2). whole is the size of the variable.
func parseLocation(text string, whole int64) (parts []part, escaped bool, err error) {
	if _, rest, ok := strings.Cut(text, "] "); ok && strings.HasPrefix(text, "[") {
		text = rest
	}
	text, escaped = strings.CutSuffix(text, "(escaped)")
	words := strings.Fields(text)
	next := func() string {
		if len(words) == 0 {
			return ""
		}
		w := words[0]
		words = words[1:]
		return w
	}
	if len(words) == 0 {
		return nil, escaped, fmt.Errorf("it has been optimized away")
	}
	current := part{size: whole}
	for len(words) > 0 {
		switch w := next(); {
		case w == "DW_OP_fbreg":
			if current.at, err = strconv.ParseInt(next(), 0, 64); err != nil {
				return nil, escaped, fmt.Errorf("its location is not understood: %w", err)
			}
			current.where = inFrame
		case w == "DW_OP_call_frame_cfa":
			current.where, current.at = inFrame, 0
		case strings.HasPrefix(w, "DW_OP_reg") && strings.HasSuffix(w, ")"):
			number, _, _ := strings.Cut(strings.TrimPrefix(w, "DW_OP_reg"), "(")
			if current.at, err = strconv.ParseInt(number, 10, 64); err != nil {
				return nil, escaped, fmt.Errorf("its location is not understood: %s", w)
			}
			current.where = inRegister
		case w == "DW_OP_piece":
			if current.size, err = strconv.ParseInt(next(), 0, 64); err != nil {
				return nil, escaped, fmt.Errorf("its location is not understood: %w", err)
			}
			parts = append(parts, current)
			current = part{size: whole}
			continue
		default:
			return nil, escaped, fmt.Errorf("its location is not understood: %s", w)
		}
		if len(words) > 0 && words[0] != "DW_OP_piece" {
			return nil, escaped, fmt.Errorf("its location is not understood: %s", words[0])
		}
	}
	if parts == nil {
		parts = []part{current}
	}
	return parts, escaped, nil
}
