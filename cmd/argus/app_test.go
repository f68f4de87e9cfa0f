package main

import (
	"os"
	"os/exec"
	"path/filepath"
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
		if !c.Hidden {
			commands[c.Name] = c
		}
	}
	for name, c := range commands {
		text := help(name)
		for _, want := range []string{"USAGE\n", "EXAMPLES\n"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q", name, want)
			}
		}
		for _, f := range c.Flags {
			if v, ok := f.(cli.VisibleFlag); ok && !v.IsVisible() {
				continue
			}
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
