package dap

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
	"github.com/google/go-dap"
	"golang.org/x/sys/unix"
)

// TestScenarios plays testdata/*.txtar: testdata/README.md has the grammar.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a := parseArchive(string(text))
			if !strings.Contains(a.files["session"], "setDataBreakpoints") {
				play(t, file, a, Config{})
				return
			}
			onDrivers(t, func(t *testing.T, cfg Config) { play(t, file, a, cfg) })
		})
	}
}

// scene is a scenario that is played.
type scene struct {
	testing.TB
	*archive
	ed      *editor
	dir     string
	names   bindings
	program *exec.Cmd       // that is attached to
	last    *message        // response to the last request
	lastOf  string          // its command
	judged  bool            // by < or !
	later   map[string]int  // requests that were sent with >>
	failed  func(err error) // ends the scenario, with the line
}

func play(t *testing.T, file string, a *archive, cfg Config) {
	sc := &scene{TB: t, archive: a, names: bindings{}, judged: true, later: map[string]int{}}
	sc.build()
	if t.Failed() {
		return
	}
	sc.ed = newEditorWith(t, cfg)
	lines := strings.Split(a.files["session"], "\n")
	for i := 0; i < len(lines); i++ {
		number, step := a.lines["session"]+i+1, lines[i]
		for i+1 < len(lines) && lines[i+1] != "" && strings.TrimLeft(lines[i+1], " \t") != lines[i+1] {
			i++
			step += "\n" + lines[i]
		}
		if strings.TrimSpace(step) == "" || strings.HasPrefix(step, "#") {
			continue
		}
		sc.failed = func(err error) { t.Helper(); t.Fatalf("%s:%d: %s\n%v", file, number, step, err) }
		sc.ed.mark(fmt.Sprintf("%s:%d: %s", file, number, step))
		if err := sc.step(strings.TrimSpace(step)); err != nil {
			sc.failed(err)
		}
	}
	sc.settle()
}

// build makes the program, and names the lines that are marked.
func (sc *scene) build() {
	sc.Helper()
	if name := strings.TrimSpace(sc.files["target"]); name != "" {
		sc.names["program"] = testkit.Target(sc, name, testkit.Debug)
		sc.dir = targetFile(sc, name)
	} else {
		dir, err := filepath.EvalSymlinks(sc.TempDir())
		if err != nil {
			sc.Fatal(err)
		}
		sc.dir = dir
		for name, content := range sc.files {
			if strings.HasSuffix(name, ".go") && !strings.HasPrefix(name, "later") {
				sc.writeSource(name, content)
			}
		}
		sc.writeSource("go.mod", "module scenario\n\ngo 1.25\n")
		program := filepath.Join(dir, "scenario")
		sc.names["program"] = program
		cmd := exec.Command("go", "build", "-buildvcs=false", "-gcflags=all=-N -l", "-ldflags=-compressdwarf=false", "-o", program, ".")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			sc.Fatalf("%v\n%s", err, out)
		}
	}
	sc.names["dir"], sc.names["main"] = sc.dir, filepath.Join(sc.dir, "main.go")
	sources, err := filepath.Glob(filepath.Join(sc.dir, "*.go"))
	if err != nil {
		sc.Fatal(err)
	}
	for _, path := range sources {
		sc.markLines(path)
	}
}

func (sc *scene) writeSource(name, content string) {
	sc.Helper()
	if err := os.WriteFile(filepath.Join(sc.dir, name), []byte(content), 0o644); err != nil {
		sc.Fatal(err)
	}
}

var marker = regexp.MustCompile(`// :(\w+)\s*$`)

func (sc *scene) markLines(path string) {
	sc.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		sc.Fatal(err)
	}
	for i, line := range strings.Split(string(content), "\n") {
		if m := marker.FindStringSubmatch(line); m != nil {
			sc.names[m[1]] = json.Number(strconv.Itoa(i + 1))
		}
	}
}

// value reads JSON, nothing being an empty object.
func (sc *scene) value(text string) (any, error) {
	if text == "" {
		return map[string]any{}, nil
	}
	v, err := parseJSON(text)
	if err != nil {
		return nil, err
	}
	return sc.names.fill(v)
}

func (sc *scene) attributes(text string) (with, error) {
	v, err := sc.value(text)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("not an object: %s", text)
	}
	if args := strings.Fields(sc.files["args"]); len(args) > 0 && m["args"] == nil {
		m["args"] = args
	}
	return with(m), nil
}

// fits holds a body against a pattern.
func (sc *scene) fits(at string, body json.RawMessage, pattern string) error {
	p, err := sc.value(pattern)
	if err != nil {
		return err
	}
	var v any
	if len(body) > 0 {
		if v, err = parseJSON(string(body)); err != nil {
			return err
		}
	}
	if m, ok := p.(map[string]any); ok && len(m) == 0 { // just that it came
		return nil
	}
	return sc.names.match(at, p, v)
}

// settle sees to it that the last request was not refused unnoticed.
func (sc *scene) settle() {
	sc.Helper()
	if !sc.judged && !sc.last.Success {
		sc.failed(fmt.Errorf("%s before that failed: %s", sc.lastOf, sc.last.Body))
	}
	sc.judged = true
}

func failureText(m *message) string {
	var body dap.ErrorResponseBody
	if json.Unmarshal(m.Body, &body) == nil && body.Error != nil {
		return body.Error.Format
	}
	return m.Message
}

// judge looks at the program that was attached to.
func (sc *scene) judge() {
	state := testkit.State(sc.program.Process.Pid)
	_, ended := sc.names["ended"]
	if (state == 0 || state == 'Z' || state == 't' || state == 'T') && !ended && !sc.Failed() {
		sc.Errorf("the program that was attached to is in state %q", state)
	}
}

// startProgram starts what is attached to.
func (sc *scene) startProgram() error {
	sc.Helper()
	cmd := exec.Command(sc.names["program"].(string), strings.Fields(sc.files["args"])...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	sc.program = cmd
	sc.names["pid"] = json.Number(strconv.Itoa(cmd.Process.Pid))
	sc.Cleanup(func() {
		sc.ed.leave() // what the server leaves is judged
		sc.judge()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		return fmt.Errorf("the program says %q, %v; not ready", line, err)
	}
	return nil
}

func (sc *scene) signal(name string) error {
	n := unix.SignalNum(name)
	if sc.program == nil || n == 0 {
		return fmt.Errorf("no program that was attached to, or no such signal")
	}
	if n == syscall.SIGKILL || n == syscall.SIGTERM {
		sc.names["ended"] = true
	}
	return sc.program.Process.Signal(n)
}
