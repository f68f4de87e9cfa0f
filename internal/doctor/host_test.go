package doctor

import (
	"fmt"
	"testing"
	"testing/fstest"
)

// fake is a machine with these files and no others.
func fake(files map[string]string) host {
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return host{root: root, arch: "amd64", cpus: 2, release: "6.18.1-test", uid: 1000}
}

// status is the text of a /proc/self/status.
func status(capabilities uint64, seccomp int) string {
	return fmt.Sprintf("Name:\tx\nPPid:\t20\nUid:\t1000\t1000\t1000\t1000\nCapEff:\t%016x\nSeccomp:\t%d\n", capabilities, seccomp)
}

const allCapabilities = 1<<41 - 1

func TestSince(t *testing.T) {
	for release, want := range map[string]bool{
		"5.13.0": true, "5.13": true, "5.14-rc1": true, "6.1.0-18-amd64": true, "10.2": true,
		"5.12.99": false, "4.18.0-553.el8": false, "5.2": false,
		"": true, "plan9": true,
	} {
		if got := (host{release: release}).since(5, 13); got != want {
			t.Errorf("%q: got %v", release, got)
		}
	}
}

func TestContainer(t *testing.T) {
	for _, c := range []struct {
		files map[string]string
		want  string
	}{
		{nil, ""},
		{map[string]string{"proc/1/cgroup": "0::/init.scope\n"}, ""},
		{map[string]string{".dockerenv": ""}, "docker"},
		{map[string]string{"proc/1/cgroup": "3:cpu:/docker/0123\n"}, "docker"},
		{map[string]string{"run/.containerenv": ""}, "podman"},
		{map[string]string{"proc/1/cgroup": "0::/kubepods/besteffort/pod1\n"}, "kubernetes"},
		{map[string]string{"proc/1/cgroup": "0::/lxc/box\n"}, "lxc"},
		{map[string]string{"run/systemd/container": "systemd-nspawn\n"}, "systemd-nspawn"},
	} {
		if got := fake(c.files).container(); got != c.want {
			t.Errorf("%v: got %q, want %q", c.files, got, c.want)
		}
	}
}

func TestSettings(t *testing.T) {
	h := fake(map[string]string{"proc/sys/kernel/perf_event_paranoid": "-1\n", "proc/sys/vm/odd": "x\n"})
	if v, ok := h.sysctl(paranoid); v != -1 || !ok {
		t.Errorf("got %d, %v", v, ok)
	}
	if _, ok := h.sysctl("vm.odd"); ok {
		t.Error("a setting that is no number was read")
	}
	for name, want := range map[string]string{paranoid: "kernel.perf_event_paranoid -1", "vm.none": "no vm.none"} {
		if got := h.setting(name); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestProcessStatus(t *testing.T) {
	h := fake(map[string]string{"proc/self/status": status(1<<19, 2)})
	if !h.capable(19) || h.capable(18) || !h.filtered() {
		t.Errorf("capable(19) %v, capable(18) %v, filtered %v", h.capable(19), h.capable(18), h.filtered())
	}
	if h := fake(nil); h.capable(0) || h.filtered() || h.status("self", "PPid") != "" {
		t.Error("something was read where there is nothing")
	}
}

func TestThisHost(t *testing.T) {
	h := thisHost()
	if h.release == "" || h.cpus < 1 || h.status("self", "PPid") == "" {
		t.Errorf("got %+v", h)
	}
}
