package doctor

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

var sample = Report{Watch: true, Verdict: "It can.", Checks: []Check{
	{Name: "long-name", Status: StatusOK, Found: "all"},
	{Name: "bpf", Status: StatusMissing, Found: "none", Costs: "much", Mend: "so"},
	{Name: "go", Status: StatusLimited, Found: "some", Costs: "little"},
}}

func TestWriteText(t *testing.T) {
	const want = `ok       long-name  all
missing  bpf        none
                    costs: much
                    mend:  so
limited  go         some
                    costs: little

It can.
`
	var b bytes.Buffer
	if err := sample.WriteText(&b, false); err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestWriteTextColor(t *testing.T) {
	var plain, coloured bytes.Buffer
	bad := sample
	bad.Watch = false
	if err := errors.Join(bad.WriteText(&plain, false), bad.WriteText(&coloured, true)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\x1b[32mok     \x1b[0m  long-name", "\x1b[31mmissing\x1b[0m", "\x1b[33mlimited\x1b[0m", "\n\x1b[31mIt can.\x1b[0m\n"} {
		if !strings.Contains(coloured.String(), want) {
			t.Errorf("lacks %q", want)
		}
	}
	stripped := coloured.String()
	for _, s := range []string{"\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m", "\x1b[0m"} {
		stripped = strings.ReplaceAll(stripped, s, "")
	}
	if stripped != plain.String() {
		t.Errorf("colours change more than colours:\n%q\n%q", stripped, plain.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

var errFull = errors.New("no space left")

func TestWriteTextError(t *testing.T) {
	if err := sample.WriteText(full{}, false); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}
