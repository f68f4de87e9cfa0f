package dap

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/argusdbg/argus/internal/testkit"
)

// testSupport is the version of @vscode/debugadapter-testsupport that this was written
// for.
const testSupport = "@vscode/debugadapter-testsupport@1.68.0"

// TestVSCodeClient: Microsoft's own client library has a session with the command as it
// is built and started by editors.
func TestVSCodeClient(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a command and installs a package")
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	testkit.Watchdog(t)
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Deadline/2)
	defer cancel()
	install := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--silent", "--no-save", "--prefix", dir, testSupport)
	install.Dir = dir
	install.WaitDelay = time.Second
	if out, err := install.CombinedOutput(); err != nil {
		t.Skipf("npm cannot install %s: %v\n%s", testSupport, err, out)
	}

	server := serve(t, buildArgus(t))
	_, port, err := net.SplitHostPort(server.address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}

	file, err := filepath.Abs(targetFile(t, "scenarios", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	facts, err := json.Marshal(with{"port": number, "program": testkit.Scenarios(t, testkit.Debug), "file": file,
		"first": lineOf(t, file, "x = a // first"), "opaque": lineOf(t, file, "x = a // first") + 1})
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("testdata/vscodeclient.js")
	if err != nil {
		t.Fatal(err)
	}
	local := filepath.Join(dir, "client.js") // beside node_modules
	if err := os.WriteFile(local, script, 0o600); err != nil {
		t.Fatal(err)
	}
	client := exec.CommandContext(ctx, "node", local, string(facts))
	client.WaitDelay = time.Second
	if out, err := client.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	select {
	case err := <-server.over:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("the server does not end after its client has")
	}
}
