package dap

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSubstitutePath(t *testing.T) {
	rule := func(from, to string) pathRules { return pathRules{{From: from, To: to}} }
	for _, tt := range []struct {
		rules            pathRules
		client, compiled string // each becomes the other
	}{
		{nil, "/a/b.go", "/a/b.go"},
		{rule("/home/u/p", "/src/p"), "/home/u/p/a/b.go", "/src/p/a/b.go"},
		{rule("/home/u/p/", "/src/p"), "/home/u/p/a.go", "/src/p/a.go"},
		{rule("/home/u/p", "/src/p/"), "/home/u/p/a.go", "/src/p/a.go"},
		{rule("/home/u/p", "/src/p"), "/home/u/p", "/src/p"},
		{rule("/home/u/p", "/src/p"), "/home/u/p2/a.go", "/home/u/p2/a.go"}, // no part of a name
		{rule("/home/u/p", "/src/p"), "/HOME/u/p/a.go", "/HOME/u/p/a.go"},   // no other letters
		{rule("/one/file.go", "/another.go"), "/one/file.go", "/another.go"},
		{rule("/home/u/p", ""), "/home/u/p/a.go", "a.go"}, // compiled with -trimpath
		{rule("/home/u/p", "example.com/p"), "/home/u/p/q/a.go", "example.com/p/q/a.go"},
		{pathRules{{"/x", "/y"}, {"/home/u", "/a"}, {"/home", "/b"}}, "/home/u/a.go", "/a/a.go"}, // the first that fits
		{rule(`C:\work\p`, "/src/p"), `C:\work\p\q\a.go`, "/src/p/q/a.go"},
		{rule(`C:\work\p\`, "/src/p"), `C:\work\p\a.go`, "/src/p/a.go"},
		{rule(`\\host\p`, "/src/p"), `\\host\p\a.go`, "/src/p/a.go"},
	} {
		tg := &target{settings: settings{SubstitutePath: tt.rules}}
		if got := tg.fromClient(tt.client); got != tt.compiled {
			t.Errorf("%v: fromClient(%s) = %s, want %s", tt.rules, tt.client, got, tt.compiled)
		}
		if got := tg.toClient(tt.compiled); got != tt.client {
			t.Errorf("%v: toClient(%s) = %s, want %s", tt.rules, tt.compiled, got, tt.client)
		}
	}
}

// Where Windows is meant, small letters are as good as capital ones, and a relative path
// stays away from absolute rules.
func TestSubstitutePathOneWay(t *testing.T) {
	for _, tt := range []struct {
		rules        pathRules
		client, want string
	}{
		{pathRules{{`c:\Work`, "/src"}}, `C:\work\Name.go`, "/src/Name.go"},
		{pathRules{{"", "/src"}}, "a.go", "/src/a.go"},
		{pathRules{{"", "/src"}}, "/abs/a.go", "/abs/a.go"},
		{pathRules{{`C:\w`, ""}}, `C:\w\p\a.go`, "p/a.go"},
		{pathRules{{"/a", "/b"}}, `/a/odd\name.go`, `/b/odd\name.go`}, // a file name like any other here
	} {
		tg := &target{settings: settings{SubstitutePath: tt.rules}}
		if got := tg.fromClient(tt.client); got != tt.want {
			t.Errorf("%v: fromClient(%s) = %s, want %s", tt.rules, tt.client, got, tt.want)
		}
	}
}

// Rules never lose the name of a file, and there and back is where one was.
func TestSubstitutePathProperty(t *testing.T) {
	part := rapid.StringMatching(`[a-z]{1,3}`)
	dir := rapid.Custom(func(t *rapid.T) string {
		return "/" + strings.Join(rapid.SliceOfN(part, 1, 4).Draw(t, "parts"), "/")
	})
	rapid.Check(t, func(t *rapid.T) {
		from, to := "/client"+dir.Draw(t, "from"), "/compiled"+dir.Draw(t, "to")
		rules := pathRules{{From: from, To: to}}
		path := from + dir.Draw(t, "rest") + ".go"
		there := rules.apply(path, true)
		if !strings.HasPrefix(there, to+"/") || rules.apply(there, false) != path {
			t.Fatalf("%v: %s becomes %s, and that %s", rules, path, there, rules.apply(there, false))
		}
	})
}
