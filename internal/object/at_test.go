package object

import "testing"

// TestAt names the parts that writes of the same value go to, with their values.
func TestAt(t *testing.T) {
	p := start(t, build(t, ""))
	ty, addr := p.variable(t, "theOrder")
	o, err := Resolve("main.theOrder", ty, addr, p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, r := range o.Ranges() {
		for a := r.Addr; a < r.Addr+uint64(r.Size); a++ {
			if path, text, ok := o.At(a); ok {
				found[path] = text
			}
		}
	}
	for path, want := range map[string]string{
		"main.theOrder.Lines[1].Price": "20",
		"main.theOrder.Lines[0].SKU":   `"a"`,
		`main.theOrder.Tags["x"]`:      "1",
		"main.theOrder.Total":          "0",
		"main.theOrder.Flags[2]":       "false",
	} {
		if found[path] != want {
			t.Errorf("%s: %q, want %s", path, found[path], want)
		}
	}
	words := map[string]string{}
	for _, r := range o.Ranges() {
		for a := r.Addr; a < r.Addr+uint64(r.Size); a++ {
			if path, text, ok := o.WordAt(a); ok {
				words[path] = text
			}
		}
	}
	for path, want := range map[string]string{
		"main.theOrder.Lines.len": "2", "main.theOrder.Lines[0].SKU.len": "1", "main.theOrder.Lines[1].Price": "20", `main.theOrder.Tags["x"]`: "1",
	} {
		if words[path] != want {
			t.Errorf("%s: %q, want %s", path, words[path], want)
		}
	}
	if path, _, ok := o.At(1); ok {
		t.Errorf("%s at an address of nothing", path)
	}
	if o.Bytes() <= 0 {
		t.Errorf("%d bytes", o.Bytes())
	}
}
