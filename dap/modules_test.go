package dap

import (
	"errors"
	"testing"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/backend"
)

func TestModules(t *testing.T) {
	ed, thread, _ := view(t, "look", nil)
	body := ask[dap.ModulesResponseBody](ed, "modules", with{})
	if len(body.Modules) != 1 || body.TotalModules != 1 {
		t.Fatalf("modules %+v, want the program", body)
	}
	m := body.Modules[0]
	if m.Name != "views-debug" || m.Path == "" || !m.IsUserCode || m.SymbolStatus != "Symbols loaded." {
		t.Errorf("the program is %+v", m)
	}
	if got := ed.top(thread).ModuleId; got != m.Id {
		t.Errorf("the frame's module is %v, want %v", got, m.Id)
	}
	if body := ask[dap.ModulesResponseBody](ed, "modules", with{"startModule": 1, "moduleCount": 5}); len(body.Modules) != 0 || body.TotalModules != 1 {
		t.Errorf("from the second on: %+v", body)
	}
}

func TestModuleOf(t *testing.T) {
	m := moduleOf(backend.Image{Path: "/lib/x.so", Addr: 0x7000, Err: errors.New("stripped")})
	if m.Name != "x.so" || m.SymbolStatus != "No symbols: stripped" || m.IsUserCode || m.AddressRange != "0x7000" {
		t.Errorf("%+v", m)
	}
}

func TestImageOf(t *testing.T) {
	s := &session{handles: handles{images: []backend.Image{{Path: "a", Addr: 0x1000}, {Path: "c", Addr: 0x9000}, {Path: "b", Addr: 0x5000}}}}
	for pc, want := range map[uint64]string{0x1000: "a", 0x4fff: "a", 0x5000: "b", 0xffff: "c"} {
		if im, ok := s.imageOf(t.Context(), pc); !ok || im.Path != want {
			t.Errorf("%#x is in %s, want %s", pc, im.Path, want)
		}
	}
	if im, ok := s.imageOf(t.Context(), 0xfff); ok {
		t.Errorf("0xfff is in %s", im.Path)
	}
}
