package object

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// scenario is what is done to one variable, and what is told of it.
type scenario struct {
	variable string
	follow   int
	key      string // of a map's entry
	steps    [][]string
}

var scenarios = []scenario{
	{variable: "theOrder", steps: [][]string{
		{"price", "main.theOrder.Lines[1].Price: 20 -> 12"},
		{"sku", `main.theOrder.Lines[0].SKU: "a" -> "zz"`},
		{"line", `main.theOrder.Lines: append: len 2 -> 3, [2] = {SKU:"c" Price:30 Qty:3}, moved to other memory`},
		{"price", "main.theOrder.Lines[1].Price"}, // the same value: nothing is told; see below
		{"tag", `main.theOrder.Tags["x"]: 1 -> 2`},
		{"newtag", `main.theOrder.Tags["y"]: added 5`},
		{"total", "main.theOrder.Total: 0 -> 1.5", "main.theOrder.Flags[2]: false -> true"},
		{"note", "main.theOrder.Note: nil -> int 3"},
		{"next", "main.theOrder.Next: nil -> ADDR"},
		{"nothing"},
	}},
	{variable: "text", steps: [][]string{
		{"text", `main.text: "hello" -> "HELLO"`},
		{"copied", `main.text: "HELLO", moved to other memory`},
		{"notext", `main.text: "HELLO" -> ""`},
	}},
	{variable: "list", steps: [][]string{
		{"append", "main.list: append: len 3 -> 4, [3] = 7"},
		{"append2", "main.list: append: len 4 -> 6, [4] = 8, [5] = 9, moved to other memory"},
		{"element", "main.list[1]: 2 -> 5"},
		{"beyond"},
		{"pop", "main.list: len 6 -> 5"},
		{"element"},
		{"append", "main.list: append: len 5 -> 6, [5] = 7"},
		{"shift", "main.list: len 6 -> 5, now [1:6] of what it was"},
		{"clip", "main.list: len 5 -> 5, now cap 5"},
		{"replace", "main.list: [5 3 7 8 7] -> [100 200]"},
		{"niled", "main.list: [100 200] -> []"},
	}},
	{variable: "words", steps: [][]string{
		{"word", `main.words: append: len 2 -> 3, [2] = "three", moved to other memory`},
		{"reword", `main.words[0]: "one" -> "first"`},
		{"word", `main.words: append: len 3 -> 4, [3] = "three"`},
		{"swap", `main.words[0]: "first" -> "two"`, `main.words[1]: "two" -> "first"`},
	}},
	{variable: "empty", steps: [][]string{{"first", "main.empty: [] -> [1]"}, {"first", "main.empty: append: len 1 -> 2, [1] = 1, moved to other memory"}}},
	{variable: "voids", steps: [][]string{{"void", "main.voids: [] -> [{}]"}, {"void", "main.voids: append: len 1 -> 2"}}},
	{variable: "small", steps: [][]string{
		{"set b", `main.small["b"]: 2 -> 3`},
		{"add c", `main.small["c"]: added 5`},
		{"delete a", `main.small["a"]: deleted, was 1`},
		{"grow", "main.small: grew: room for 8 -> 16", `main.small["0"]: added 0`, `main.small["1"]: added 1`, `main.small["2"]: added 2`,
			`main.small["3"]: added 3`, `main.small["4"]: added 4`, `main.small["5"]: added 5`, `main.small["6"]: added 6`,
			`main.small["7"]: added 7`, `main.small["8"]: added 8`},
		{"set b"},
		{"delete a"},
		{"clear", "main.small: cleared: len 11 -> 0"},
		{"set b", `main.small["b"]: added 3`},
		{"rekey", `main.small["b"]: 3 -> 30`}, // the key is written too, with other bytes for the same text
	}},
	{variable: "none", steps: [][]string{{"make", "main.none: nil -> map[1:2]"}}},
	{variable: "names", steps: [][]string{{"name", `main.names: nil -> map["n":1]`}}},
	{variable: "set", steps: [][]string{{"member", `main.set["q"]: added`}, {"leave", `main.set["p"]: deleted`}}},
	{variable: "outside", steps: [][]string{
		{"wide", "main.outside[[1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 ...+4 more]][0]: 2 -> 3"},
		{"widest", "main.outside[[7 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 ...+4 more]]: added [8 9 0 0 0 0 0 0 0 0 0 0 0 0 0 0 ...+4 more]"},
	}},
	{variable: "points", steps: [][]string{{"point", `main.points[{X:1 Y:2}]: "here" -> "there"`}}},
	{variable: "lists", steps: [][]string{
		{"lists", `main.lists["l"]: append: len 2 -> 3, [2] = 3, moved to other memory`},
		{"inner", `main.lists["l"][0]: 1 -> 4`},
		{"lists", `main.lists["l"]: append: len 3 -> 4, [3] = 3`},
	}},
	{variable: "nested", steps: [][]string{
		{"nested", `main.nested["m"]["n"]: 1 -> 2`},
		{"nested2", `main.nested["o"]: added map["p":3]`},
	}},
	{variable: "whatever", steps: [][]string{
		{"int", "main.whatever: nil -> int 3"},
		{"string", `main.whatever: int 3 -> string "x"`},
		{"struct", `main.whatever: string "x" -> main.square {Side:2 Color:1}`},
		{"map", `main.whatever: main.square {Side:2 Color:1} -> map[string]int map["i":1]`},
		{"mapset", `main.whatever.(map[string]int)["i"]: 1 -> 2`},
		{"pointer", `main.whatever: map[string]int map["i":2] -> *main.node nil`},
		{"nil", "main.whatever: *main.node nil -> nil"},
	}},
	{variable: "figure", steps: [][]string{
		{"figure", "main.figure: nil -> main.square {Side:3 Color:1}"},
		{"figure2", "main.figure: main.square {Side:3 Color:1} -> main.square {Side:4 Color:1}"},
	}},
	{variable: "pipe", steps: [][]string{
		{"send", `main.pipe: sent "v0": len 0 -> 1`},
		{"send", `main.pipe: sent "v1": len 1 -> 2`},
		{"receive", `main.pipe: received "v0": len 2 -> 1`},
		{"send", `main.pipe: sent "v1": len 1 -> 2`},
		{"send", `main.pipe: sent "v2": len 2 -> 3`},
		{"receive", `main.pipe: received "v1": len 3 -> 2`},
		{"close", "main.pipe: closed"},
	}},
	{variable: "single", steps: [][]string{
		{"send1", "main.single: sent 4: len 0 -> 1"},
		{"handover", "main.single: received 4: len 1 -> 0", "main.single: sent 5: len 0 -> 1"},
		{"receive1", "main.single: received 5: len 1 -> 0"},
	}},
	{variable: "bare", steps: [][]string{{"bare", "main.bare: closed"}}},
	{variable: "signals", steps: [][]string{{"signal", "main.signals: sent {}: len 0 -> 1"}, {"signal", "main.signals: sent {}: len 1 -> 2"}}},
	{variable: "head", follow: -1, steps: [][]string{
		{"head", "main.head: nil -> ADDR &{Val:1 Next:nil}"},
		{"tail", "main.head.Next: nil -> ADDR &{Val:2 Next:ADDR}"},
		{"val", "main.head.Next.Val: 2 -> 20"},
		{"last", "main.head.Next.Next.Val: 3 -> 30"},
		{"cut", "main.head.Next: ADDR &{Val:20 Next:ADDR} -> nil"},
	}},
	{variable: "ring", follow: 1, steps: [][]string{
		{"ring", "main.ring: nil -> ADDR &{Val:1 Next:ADDR}"},
		{"ringval"},
		{"unring", "main.ring: ADDR &{Val:1 Next:ADDR} -> nil"},
	}},
	{variable: "ring", follow: -1, steps: [][]string{
		{"ring", "main.ring: nil -> ADDR &{Val:1 Next:ADDR}"},
		{"ringval", "main.ring.Next.Val: 2 -> 5"},
		{"unring", "main.ring: ADDR &{Val:1 Next:ADDR} -> nil"},
	}},
	{variable: "deep", follow: 1, steps: [][]string{
		{"deepval"},
		{"share", `main.deep.M: nil -> map["n":ADDR &{Val:2 Next:nil}]`},
		{"deepval", `main.deep.M["n"].Val: 2 -> 3`},
		{"unshare", `main.deep.M: map["n":ADDR &{Val:3 Next:nil}] -> nil`},
		{"deepval"},
	}},
	{variable: "branch", steps: [][]string{{"branch"}, {"twig", "main.branch[1]: [] -> [[]]"}}},
	{variable: "matrix", steps: [][]string{
		{"matrix", "main.matrix[1][2]: 0 -> 6"},
		{"rows", "main.matrix[0][0]: 0 -> 1", "main.matrix[0][1]: 0 -> 2", "main.matrix[0][2]: 0 -> 3", "main.matrix[0][3]: 0 -> 4",
			"main.matrix[1][0]: 0 -> 5", "main.matrix[1][1]: 0 -> 6", "main.matrix[1][2]: 6 -> 7", "main.matrix[1][3]: 0 -> 8",
			"main.matrix[2][0]: 0 -> 9", "main.matrix[2][1]: 0 -> 10", "main.matrix[2][2]: 0 -> 11", "main.matrix[2][3]: 0 -> 12"},
	}},
	{variable: "spot", steps: [][]string{{"spot", "main.spot.X: 0 -> 3", "main.spot.Y: 0 -> 4"}}},
	{variable: "pair", steps: [][]string{{"pair", "main.pair[0]: nil -> int 1", `main.pair[1]: nil -> string "x"`}}},
	{variable: "block", steps: [][]string{
		append([]string{"block"}, each("main.block[%d]: 0 -> 1", 32)...),
		append([]string{"zero"}, each("main.block[%d]: 1 -> 0", 32)...),
	}},
	{variable: "hook", steps: [][]string{{"hook", "main.hook: nil -> ADDR"}}},
	{variable: "picked", key: `"k"`, steps: [][]string{
		{"repick", `main.picked["k"]: 1 -> 2`},
		{"other"},
		{"crowd"},
		{"repick", `main.picked["k"]: 2 -> 3`},
		{"unpick", `main.picked["k"]: deleted, was 3`},
		{"other"},
		{"pick", `main.picked["k"]: added 70`},
		{"newpick", `main.picked: map["k":70] -> map["k":9]`},
		{"repick", `main.picked["k"]: 9 -> 10`},
		{"unpick", `main.picked["k"]: deleted, was 10`},
	}},
}

// each is one line for each of n elements.
func each(format string, n int) []string {
	var s []string
	for i := range n {
		s = append(s, fmt.Sprintf(format, i))
	}
	return s
}

var address = regexp.MustCompile("0x[0-9a-f]+")

// sameValue are the steps that write what is there already.
var sameValue = map[string]bool{"main.theOrder.Lines[1].Price": true}

func (s scenario) run(t *testing.T, path string) {
	p := start(t, path)
	ty, addr := p.variable(t, s.variable)
	w := watch(t, p, func() (*Object, error) {
		if s.key != "" {
			return ResolveEntry("main."+s.variable, ty, addr, s.key, p, Options{})
		}
		return Resolve("main."+s.variable, ty, addr, p, Options{Follow: s.follow})
	})
	for _, step := range s.steps {
		p.do(t, step[0])
		u := w.changed(t)
		got := strings.Split(address.ReplaceAllString(strings.Join(lines(u), "\n"), "ADDR"), "\n")
		want := slices.Clone(step[1:])
		if len(want) == 1 && sameValue[want[0]] {
			want = nil
		}
		slices.Sort(got) // a map's entries come in no order
		slices.Sort(want)
		if step[0] == "branch" { // a slice of itself has no short text
			continue
		}
		if len(u.Changes) != len(want) || len(want) > 0 && !slices.Equal(got, want) {
			t.Errorf("%s: told\n  %s, want\n  %s", step[0], strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	}
}

// flavors are the ways the program is built: toolchains that are not here are left out.
func flavors(t *testing.T) map[string]string {
	paths := map[string]string{
		"optimized":   build(t, ""),
		"unoptimized": build(t, "", "-gcflags=all=-N -l"),
	}
	if testing.Short() {
		return paths
	}
	for _, toolchain := range []string{"go1.24.9", "go1.25.5"} {
		cmd := exec.Command("go", "version")
		cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+toolchain, "GOPROXY=off")
		if cmd.Run() == nil {
			paths[toolchain] = build(t, toolchain)
		}
	}
	return paths
}

func TestRealPrograms(t *testing.T) {
	for name, path := range flavors(t) {
		t.Run(name, func(t *testing.T) {
			for _, s := range scenarios {
				t.Run(s.variable+s.key, func(t *testing.T) { s.run(t, path) })
			}
		})
	}
}
