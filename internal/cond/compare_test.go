package cond

import "testing"

// A string header of the target's can hold anything: it is none of the program's own texts.
func TestBrokenText(t *testing.T) {
	p := &Program{texts: []string{"own"}}
	if got := p.textAt([]uint64{0, ownText}); got.own != "own" || got.len != 3 {
		t.Errorf("%+v", got)
	}
	if got := p.textAt([]uint64{0xc000123456, ownText}); got.own != "" || got.addr != 0xc000123456 {
		t.Errorf("%+v", got)
	}
	if _, fault := p.compareTexts(equal, []uint64{0, ownText, 0xc000123456, ownText}); fault != FaultText {
		t.Errorf("fault %v, want %v", fault, FaultText)
	}
}
