package gobuild

import "testing"

func TestSuchAs(t *testing.T) {
	command := func(dir string) listed { return listed{Dir: dir, Name: "main", GoFiles: []string{"main.go"}} }
	all := []listed{
		{Dir: "/src/lib", Name: "lib", GoFiles: []string{"lib.go"}},
		{Dir: "/src/tests", Name: "main", TestGoFiles: []string{"main_test.go"}},
		command("/src"), command("/src/cmd/a"), command("/other"), command("/src/cmd/b"),
	}
	for n, want := range map[int]string{
		2: "",
		3: ", such as .",
		6: ", such as ., ./cmd/a, ../other",
	} {
		if got := suchAs(target{base: "/src"}, all[:n]); got != want {
			t.Errorf("of %d: got %q, want %q", n, got, want)
		}
	}
}
