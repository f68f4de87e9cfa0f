package dap

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-dap"
)

// onCompletions offers what a line of the debug console can go on with: commands, settings,
// and names of the program.
func onCompletions(s *session, r *request, args *dap.CompletionsArguments) (any, error) {
	line := before(args.Text, args.Line-1, args.Column-1)
	body := &dap.CompletionsResponseBody{Targets: []dap.CompletionItem{}}
	if words := strings.FieldsFunc(line, unicode.IsSpace); len(words) > 0 && (words[0] == "argus" || words[0] == "dlv") {
		names, only := commandNames(line, words)
		body.Targets = append(body.Targets, s.offers(names, line, lastWord(line), "keyword")...)
		if only {
			return body, nil
		}
	}
	names, err := s.target.Complete(r.ctx, s.frameOrSelected(args.FrameId), line, 0)
	if err != nil { // nothing can be offered, which is no news to somebody who types
		s.log.Debug("no completions", "line", line, "error", err)
	}
	word := lastName(line)
	kind := dap.CompletionItemType("variable")
	if strings.HasSuffix(line[:len(line)-len(word)], ".") {
		kind = "field"
	}
	body.Targets = append(body.Targets, s.offers(names, line, word, kind)...)
	return body, nil
}

// before is the part of a text that is before the cursor, in its line. Columns count
// UTF-16 units, as the protocol does; both numbers begin at 0.
func before(text string, line, column int) string {
	if lines := strings.Split(text, "\n"); len(lines) > 1 {
		text = lines[min(max(line, 0), len(lines)-1)]
	}
	units := utf16.Encode([]rune(text))
	return string(utf16.Decode(units[:min(max(column, 0), len(units))]))
}

// offers makes items of names that begin with the word that the line ends with.
func (s *session) offers(names []string, line, word string, kind dap.CompletionItemType) []dap.CompletionItem {
	length := len(utf16.Encode([]rune(word)))
	start := len(utf16.Encode([]rune(line))) - length + 1
	items := make([]dap.CompletionItem, len(names))
	for i, name := range names {
		items[i] = dap.CompletionItem{Label: name, Type: kind, Start: start, Length: length}
	}
	return items
}

// commandNames are the names that a command line can go on with. only is whether nothing
// else can come there.
func commandNames(line string, words []string) (names []string, only bool) {
	word := lastWord(line)
	n := len(words)
	if word == "" {
		n++ // a new word is to begin
	}
	if n < 2 {
		return nil, true
	}
	switch {
	case n == 2, n == 3 && words[1] == "help":
		for _, c := range commands {
			names = append(names, c.names[0])
		}
		only = true
	case words[1] == "config":
		if n == 3 {
			names = append(names, "-list")
		}
		for _, c := range configurable {
			names = append(names, c.name)
		}
		if n > 3 && words[2] != "-list" || n > 4 {
			names = nil
		}
		only = true
	case words[1] == "target":
		if n == 3 {
			names = []string{"list", "follow-exec"}
		}
		only = true
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, word) })
	return names, only
}

// lastWord is what a line ends with after its last space.
func lastWord(line string) string {
	return afterLast(line, unicode.IsSpace)
}

// lastName is the name, or the beginning of one, that a line ends with.
func lastName(line string) string {
	return afterLast(line, func(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) })
}

// afterLast is what follows the last character of a kind; all if there is none.
func afterLast(line string, is func(rune) bool) string {
	i := strings.LastIndexFunc(line, is)
	if i < 0 {
		return line
	}
	_, size := utf8.DecodeRuneInString(line[i:])
	return line[i+size:]
}
