package dap

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/argusdbg/argus/backend"
	"github.com/argusdbg/argus/internal/testkit"
	"github.com/google/go-dap"
)

// info asks whether something can be watched.
func (ed *editor) info(args with) dap.DataBreakpointInfoResponseBody {
	ed.Helper()
	return ask[dap.DataBreakpointInfoResponseBody](ed, "dataBreakpointInfo", args)
}

// addressOf is where a variable is.
func (ed *editor) addressOf(expr string, frame int) string {
	ed.Helper()
	v := ask[dap.EvaluateResponseBody](ed, "evaluate", with{"expression": expr, "frameId": frame, "context": "watch"})
	if v.MemoryReference == "" {
		ed.Fatalf("%s has no address: %+v", expr, v)
	}
	return v.MemoryReference
}

// TestDataBreakpointInfo: it says the truth before anything is set. Without page guards:
// see TestMoreThanFourGuarded.
func TestDataBreakpointInfo(t *testing.T) {
	ed, file := stopsEditorWith(t, Config{Options: backend.Options{NoGuards: true}}, "loop", "5")
	ed.breakAt(file, lineOf(t, file, "// used"))
	ed.configured()
	stop := ed.stopped()
	frame := ed.top(stop.ThreadId).Id
	outer := ed.stack(stop.ThreadId)[1].Id
	addr := ed.addressOf("main.account", frame)
	number, err := strconv.ParseUint(addr, 0, 64)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args        with
		description string // a regular expression
		persists    bool
	}{
		{with{"name": "total", "frameId": frame}, `^main\.total \(int, 8 bytes\)$`, true},
		{with{"name": "main.account.Balance[1]"}, `^main\.account\.Balance\[1\] \(int64, 8 bytes\)$`, true},
		{with{"name": "account.Owner.Age", "frameId": frame}, `^account\.Owner\.Age \(int64, 8 bytes\)$`, false}, // a pointer is on the way
		{with{"name": "n", "frameId": outer}, `^n \(int, 8 bytes\), until its function returns$`, false},
		{with{"name": "total", "frameId": frame, "mode": "sampled"}, `^main\.total`, true},
		{with{"name": "total", "frameId": frame, "bytes": 2}, `^2 bytes at main\.total$`, true},
		{with{"name": addr, "asAddress": true, "bytes": 3}, `^3 bytes at ` + addr + `$`, false},
		{with{"name": fmt.Sprint(number), "asAddress": true}, `^8 bytes at ` + addr + `$`, false},
	} {
		got := ed.info(c.args)
		id, _ := got.DataId.(string)
		if id == "" || !regexp.MustCompile(c.description).MatchString(got.Description) || got.CanPersist != c.persists || len(got.AccessTypes) == 0 {
			t.Errorf("%v: %+v", c.args, got)
			continue
		}
		for _, access := range got.AccessTypes { // each of them works
			if set := ed.watch(dap.DataBreakpoint{DataId: id, AccessType: access}); !set[0].Verified {
				t.Errorf("%v, %s: %+v", c.args, access, set)
			}
		}
		ed.watch()
	}
	for _, c := range []struct {
		args   with
		reason string
	}{
		{with{"name": "nobody", "frameId": frame}, "nobody"},
		{with{"name": "i * 2", "frameId": frame}, "address"},
		{with{"name": "7", "frameId": frame}, "7"},
		{with{"name": "theOwner +", "frameId": frame}, "not a Go expression"},
		{with{"name": "i", "frameId": -3}, "unknown frame"},
		{with{"name": "x", "variablesReference": 999999}, "999999"},
		{with{"name": "total", "frameId": frame, "mode": "often"}, "no mode"},
		{with{"name": "total", "frameId": frame, "bytes": -1}, "-1"},
		{with{"name": "total", "frameId": frame, "bytes": 100}, "100 bytes at main.total"},
		{with{"name": "here", "asAddress": true}, "not an address"},
		{with{"name": "0", "asAddress": true}, "not an address"},
		{with{"name": "0x10", "asAddress": true}, "0x10"},
		{with{}, ""},
	} {
		if got := ed.info(c.args); got.DataId != nil || got.Description == "" || !strings.Contains(got.Description, c.reason) || got.CanPersist {
			t.Errorf("%v: %+v", c.args, got)
		}
	}
	// When all registers are in use it says what will be.
	var four []dap.DataBreakpoint
	for _, name := range []string{"total", "account.Balance[0]", "account.Balance[1]", "theOwner.Age"} {
		four = append(four, dap.DataBreakpoint{DataId: ed.info(with{"name": name, "frameId": frame}).DataId.(string)})
	}
	ed.watch(four...)
	if got := ed.info(with{"name": "theOwner.Name", "frameId": frame}); got.DataId == nil || !strings.Contains(got.Description, "takes turns with others") {
		t.Errorf("the fifth: %+v", got)
	}
	if got := ed.info(with{"name": "theOwner.Name", "frameId": frame, "mode": "exact"}); got.DataId == nil || !strings.Contains(got.Description, "the others will take turns") {
		t.Errorf("the fifth, exact: %+v", got)
	}
	ed.disconnect()
}

// TestInfoOfChildren: as editors ask, by what a container shows.
func TestInfoOfChildren(t *testing.T) {
	ed := newEditor(t)
	ed.launch(testkit.Target(t, "stops", testkit.Debug), with{"args": []string{"loop", "5"}})
	file := targetFile(t, "stops", "main.go")
	ed.breakAt(file, lineOf(t, file, "// used"))
	ed.configured()
	frame := ed.top(ed.stopped().ThreadId).Id
	owner := ask[dap.EvaluateResponseBody](ed, "evaluate", with{"expression": "main.account", "frameId": frame, "context": "watch"})
	var balance dap.Variable
	for _, v := range ed.variables(owner.VariablesReference) {
		if v.Name == "Balance" {
			balance = v
		}
	}
	got := ed.info(with{"name": "[1]", "variablesReference": balance.VariablesReference})
	if got.DataId == nil || !got.CanPersist || !strings.HasPrefix(got.Description, "main.account.Balance[1] ") {
		t.Errorf("%+v", got)
	}
	local := ed.info(with{"name": "local", "variablesReference": ed.scopes(frame)[0].VariablesReference})
	if local.DataId == nil || local.CanPersist || !strings.HasPrefix(local.Description, "local ") {
		t.Errorf("%+v", local)
	}
	if got := ed.info(with{"name": "nobody", "variablesReference": balance.VariablesReference}); got.DataId != nil || got.Description == "" {
		t.Errorf("%+v", got)
	}
	ed.disconnect()
}
