package main

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestRedirectFunction(t *testing.T) {
	src := "package p\n\nfunc other() {}\n\nfunc start(t *T, a, b bool) (x int, err error) {\n\tf := func() {}\n\tf()\n\treturn 1, nil\n}\n\nvar after = 1\n"
	want := "package p\n\nfunc other() {}\n\nfunc start(t *T, a, b bool) (x int, err error) { return begin(t, a, b)\n\n\n\n}\n\nvar after = 1\n"
	got, err := redirectFunction([]byte(src), "start", "begin")
	if err != nil || string(got) != want {
		t.Errorf("got\n%s\n%v", got, err)
	}
	if strings.Count(string(got), "\n") != strings.Count(src, "\n") {
		t.Error("lines moved")
	}
	if _, err := redirectFunction([]byte(src), "absent", "begin"); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("a function that is not there: %v", err)
	}
	if _, err := redirectFunction([]byte("packge"), "start", "begin"); err == nil {
		t.Error("what is no Go is rewritten")
	}
}

// TestServerFits: what replaces the function in Delve's test has its name and signature
// there, and no other function does.
func TestServerFits(t *testing.T) {
	var mod struct{ Dir string }
	if err := goJSON(t.Context(), &mod, "list", "-m", "-json", delveModule); err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(mod.Dir + "/" + serverSuite + "/server_test.go")
	if err != nil {
		t.Fatal(err)
	}
	const signature = "(t *testing.T, defaultDebugInfoDirs bool, serverStopped chan struct{}) ("
	if !strings.Contains(string(src), "func "+startServer+signature) || !strings.Contains(string(serverSource), "func "+startArgus+signature) {
		t.Error("the signatures differ: look at how Delve's tests start their server")
	}
	if strings.Contains(string(src), startArgus) {
		t.Error("Delve has a function of our name")
	}
	if _, err := takeOut(src); err != nil {
		t.Error(err)
	}
	for name := range excuses {
		if unsuited[name] != "" {
			t.Errorf("%s is not run, and excused all the same", name)
		}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(excuses)), slices.Collect(maps.Keys(unsuited))) {
		if !strings.Contains(string(src), "func "+strings.SplitN(name, "/", 2)[0]+"(") {
			t.Errorf("%s is excused, and Delve has no such test", name)
		}
	}
}
