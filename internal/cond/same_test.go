package cond

import "testing"

// TestSame: programs of different places are the same if they look at the same.
func TestSame(t *testing.T) {
	global := &Program{code: []instr{{op: opWindow}, {op: opConst, imm: 3}, {op: opEqual}}, windows: []window{{from: 0x1000, size: 8}}}
	elsewhere := &Program{code: global.code, windows: global.windows, frame: 64}
	if !global.Same(elsewhere) {
		t.Error("a frame matters that nobody looks at")
	}
	for name, p := range map[string]*Program{
		"another constant": {code: []instr{{op: opWindow}, {op: opConst, imm: 4}, {op: opEqual}}, windows: global.windows},
		"another variable": {code: global.code, windows: []window{{from: 0x1008, size: 8}}},
		"a text":           {code: global.code, windows: global.windows, texts: []string{"a"}},
	} {
		if global.Same(p) || p.Same(global) {
			t.Errorf("%s makes no difference", name)
		}
	}
	for name, p := range map[string]*Program{
		"window":   {code: global.code, windows: []window{{frame: true, size: 8}}},
		"frame":    {code: []instr{{op: opFrame}}},
		"register": {code: []instr{{op: opReg}}},
	} {
		moved := &Program{code: p.code, windows: p.windows, frame: 8}
		if p.Same(moved) || !p.Same(p) {
			t.Errorf("%s: the frame makes no difference", name)
		}
	}
	about := &Program{code: []instr{{op: opGoroutine}}}
	if !about.AboutGoroutine() || about.AboutThread() || global.AboutGoroutine() {
		t.Error("what it is about")
	}
}
