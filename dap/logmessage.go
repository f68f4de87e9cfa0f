package dap

import (
	"errors"
	"fmt"
	"strings"
)

// logMessage is the text of a log point. Odd parts are expressions.
type logMessage struct{ parts []string }

// parseLogMessage cuts a text at its {expressions}. It returns nil for an empty one:
// that is no log point.
func parseLogMessage(text string) (*logMessage, error) {
	if text == "" {
		return nil, nil
	}
	m := &logMessage{}
	for {
		i := strings.IndexAny(text, "{}")
		if i < 0 {
			m.parts = append(m.parts, text)
			return m, nil
		}
		if text[i] == '}' {
			return nil, errors.New("invalid log point format, unexpected '}'")
		}
		n := closing(text[i:])
		if n < 0 {
			return nil, errors.New("invalid log point format: a '{' is not closed")
		}
		expr := strings.TrimSpace(text[i+1 : i+n])
		if expr == "" {
			return nil, errors.New("invalid log point format: there is nothing to evaluate between '{' and '}'")
		}
		m.parts = append(m.parts, text[:i], expr)
		text = text[i+n+1:]
	}
}

// closing is where the brace that text begins with is closed, -1 if it is not. Braces in
// Go strings do not count.
func closing(text string) int {
	depth, quote := 0, byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == '\\' && quote != '`' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// text is the message with its expressions evaluated.
func (m *logMessage) text(eval func(expr string) (string, error)) string {
	var b strings.Builder
	for i, part := range m.parts {
		if i%2 == 0 {
			b.WriteString(part)
			continue
		}
		value, err := eval(part)
		if err != nil {
			value = fmt.Sprintf("{eval err: %v}", err)
		}
		b.WriteString(value)
	}
	return b.String()
}
