package gobuild

import (
	"fmt"
	"strings"
	"unicode"
)

// SplitFlags splits a line of build flags at spaces, as a shell does: what stands in
// single or double quotes belongs together, and loses them. The error is one of the
// quotes.
func SplitFlags(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord, quote := false, rune(0)
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, inWord = r, true
		case quote == 0 && unicode.IsSpace(r):
			if inWord {
				words = append(words, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("%s has no closing %c", line, quote)
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
