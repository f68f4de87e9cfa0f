package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v3"
)

// TestHelp: every command has a help text with usage, examples and all of its flags.
func TestHelp(t *testing.T) {
	status := 0
	app := newApp(nil, &status)
	commands := map[string]*cli.Command{"argus": app}
	for _, c := range app.Commands {
		commands[c.Name] = c
	}
	for name, c := range commands {
		text := help(name)
		for _, want := range []string{"USAGE\n", "EXAMPLES\n"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q", name, want)
			}
		}
		for _, f := range c.Flags {
			for _, n := range f.Names() {
				if !regexp.MustCompile(`(?m)^  (.*, )?` + dashed(n) + `\b`).MatchString(text) {
					t.Errorf("%s: no %s", name, dashed(n))
				}
			}
		}
		for line := range strings.Lines(text) {
			if len(strings.TrimSuffix(line, "\n")) > 90 {
				t.Errorf("%s: %d columns: %s", name, len(line), line)
			}
		}
		args := []string{name, "--help"}
		if name == "argus" {
			args = args[1:]
		}
		for _, args := range [][]string{args, {"help", name}} {
			if args[len(args)-1] == "argus" {
				args = args[:1]
			}
			if r := runArgus(t, args...); r.stdout != text || r.status != 0 || r.stderr != "" {
				t.Errorf("%v: status %d, %s%s", args, r.status, r.stdout, r.stderr)
			}
		}
		if name != "argus" && !strings.Contains(help("argus"), "\n  "+name+" ") {
			t.Errorf("argus --help does not name %s", name)
		}
	}
	for flag, want := range map[string]string{"-h": help("argus"), "": help("argus")} {
		var args []string
		if flag != "" {
			args = []string{flag}
		}
		if r := runArgus(t, args...); r.stdout != want || r.status != 0 {
			t.Errorf("argus %s: status %d, %s", flag, r.status, r.stdout)
		}
	}
}

func TestCompletion(t *testing.T) {
	dir := t.TempDir()
	for _, shell := range []string{"bash", "zsh", "fish", "pwsh"} {
		r := runArgus(t, "completion", shell)
		if r.status != 0 || !strings.Contains(r.stdout, "--generate-shell-completion") {
			t.Errorf("%s: status %d, %s", shell, r.status, r.stdout)
		}
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		script := filepath.Join(dir, shell)
		if err := os.WriteFile(script, []byte(r.stdout), 0o644); err != nil {
			t.Fatal(err)
		}
		if shell == "pwsh" {
			continue
		}
		if out, err := exec.Command(path, "-n", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{""}, "attach:"},
		{[]string{"watch", "--st"}, "--stop-after:"},
		{[]string{"attach", "-w", "main.x", "--co"}, "--count:"},
		{[]string{"doctor", "--"}, "--json:"},
	} {
		args := slices.DeleteFunc(append(slices.Clone(tc.args), "--generate-shell-completion"), func(s string) bool { return s == "" })
		if r := runArgus(t, args...); !strings.Contains(r.stdout, tc.want) {
			t.Errorf("%v: %q", tc.args, r.stdout)
		}
	}
}

func TestVersion(t *testing.T) {
	first := regexp.MustCompile(`^argus (devel|v\S+) \(go\S+, linux/\w+\)\ndelve v\d+\.\d+\.\d+\n`)
	for _, arg := range []string{"version", "--version"} {
		if r := runArgus(t, arg); r.status != 0 || !first.MatchString(r.stdout) {
			t.Errorf("%s: status %d, %q", arg, r.status, r.stdout)
		}
	}
	var v map[string]any
	r := runArgus(t, "version", "--json")
	if err := json.Unmarshal([]byte(r.stdout), &v); err != nil || v["version"] == "" || !strings.HasPrefix(v["delve"].(string), "v1.") {
		t.Errorf("%v in %q", err, r.stdout)
	}
}

func TestDoctor(t *testing.T) {
	r := runArgus(t, "doctor", "--json")
	var report struct {
		Watch  bool
		Checks []struct{ Name, Status string }
	}
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || len(report.Checks) < 3 {
		t.Fatalf("%v in %q", err, r.stdout)
	}
	if (r.status == 0) != report.Watch || (!report.Watch && r.status != statusUnfit) {
		t.Errorf("status %d, watch %v", r.status, report.Watch)
	}
	text := runArgus(t, "doctor")
	for _, c := range report.Checks {
		if !strings.Contains(text.stdout, c.Name) {
			t.Errorf("no %s in\n%s", c.Name, text.stdout)
		}
	}
	if strings.Contains(text.stdout, "\x1b") || !strings.Contains(runArgus(t, "doctor", "--color=always").stdout, "\x1b[") {
		t.Error("--color has no effect")
	}
}

// TestJSONDocument: docs/json.md has a section for each event, and its tables the keys
// of the code.
func TestJSONDocument(t *testing.T) {
	doc, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	key := regexp.MustCompile("(?m)^\\| ((?:`[a-z_]+`(?:, )?)+) \\|")
	name := regexp.MustCompile("`([a-z_]+)`")
	tables := func(section string) (all [][]string) {
		for _, table := range strings.Split(section, "| key | value |")[1:] {
			var keys []string
			for _, row := range key.FindAllStringSubmatch(table, -1) {
				for _, k := range name.FindAllStringSubmatch(row[1], -1) {
					keys = append(keys, k[1])
				}
			}
			slices.Sort(keys)
			all = append(all, keys)
		}
		return all
	}
	code := map[string][]any{
		"hit": {jsonHit{}, jsonFrame{}}, "scope_end": {jsonScopeEnd{}}, "exec": {jsonExec{}},
		"exit": {jsonExit{}}, "detach": {jsonDetach{}}, "summary": {jsonSummary{}, jsonWatch{}},
	}
	sections := strings.Split(string(doc), "\n## `")[1:]
	if len(sections) != len(code) {
		t.Errorf("%d sections, %d events", len(sections), len(code))
	}
	for _, section := range sections {
		event, _, _ := strings.Cut(section, "`")
		documented := tables(section)
		if len(documented) != len(code[event]) {
			t.Errorf("%s: %d tables, want %d", event, len(documented), len(code[event]))
			continue
		}
		for i, v := range code[event] {
			var keys []string
			for f := range reflect.TypeOf(v).NumField() {
				tag, _, _ := strings.Cut(reflect.TypeOf(v).Field(f).Tag.Get("json"), ",")
				keys = append(keys, tag)
			}
			slices.Sort(keys)
			if !slices.Equal(keys, documented[i]) {
				t.Errorf("%s: the code has %v, the document %v", event, keys, documented[i])
			}
		}
	}
}
