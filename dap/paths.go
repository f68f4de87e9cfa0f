package dap

import "strings"

// toClient turns the path of a source, as the program was compiled with it, into the one
// that the client has the source by.
func (t *target) toClient(path string) string { return t.SubstitutePath.apply(path, false) }

// fromClient is the other way.
func (t *target) fromClient(path string) string { return t.SubstitutePath.apply(path, true) }

// pathRules are tried in order: the first that fits is applied.
type pathRules []substitutePath

func (rules pathRules) apply(path string, fromClient bool) string {
	fold := onWindows(path)
	for _, r := range rules {
		fold = fold || onWindows(r.From) || onWindows(r.To)
	}
	for _, r := range rules {
		from, to := r.To, r.From
		if fromClient {
			from, to = r.From, r.To
		}
		if path == from {
			return to
		}
		if rest, ok := below(path, from, fold); ok {
			if fromClient && fold { // programs are of Linux, where compilers write slashes
				rest = strings.ReplaceAll(rest, `\`, "/")
			}
			return join(to, rest)
		}
	}
	return path
}

// below returns what of path is in the directory from. fold is whether the difference
// between small and capital letters does not count.
func below(path, from string, fold bool) (rest string, ok bool) {
	if from == "" { // "" is where relative paths are
		return path, !isAbsolute(path)
	}
	if len(path) < len(from) {
		return "", false
	}
	head, rest := path[:len(from)], path[len(from):]
	if head != from && !(fold && strings.EqualFold(head, from)) {
		return "", false
	}
	return rest, isSeparator(from[len(from)-1]) || rest == "" || isSeparator(rest[0])
}

// join puts rest into the directory to, with the separators that to has.
func join(to, rest string) string {
	if rest != "" && isSeparator(rest[0]) {
		rest = rest[1:]
	}
	if to == "" {
		return rest
	}
	separator := "/"
	if onWindows(to) {
		separator = `\`
		rest = strings.ReplaceAll(rest, "/", separator)
	}
	return strings.TrimRight(to, `/\`) + separator + rest
}

func isSeparator(c byte) bool { return c == '/' || c == '\\' }

func isAbsolute(path string) bool {
	return strings.HasPrefix(path, "/") || onWindows(path)
}

// onWindows reports whether a path is one of Windows: clients can be there.
func onWindows(path string) bool {
	if strings.HasPrefix(path, `\\`) { // of another computer
		return true
	}
	return len(path) >= 3 && path[1] == ':' && isSeparator(path[2]) && (path[0]|0x20 >= 'a' && path[0]|0x20 <= 'z')
}
