package glue

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/go-delve/delve/pkg/proc"
)

// MemoryMap lists the mappings that a core file holds, from /proc/PID/smaps:
// all but those of devices (VmFlags pf, io) and those that the program has
// marked as not to be dumped (dd).
func (p *Process) MemoryMap() ([]proc.MemoryMapEntry, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps", p.held.PID))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var list []proc.MemoryMapEntry
	for sc := bufio.NewScanner(f); sc.Scan(); {
		key, rest, _ := strings.Cut(sc.Text(), " ")
		switch {
		case key == "VmFlags:":
			for _, flag := range strings.Fields(rest) {
				if len(list) > 0 && (flag == "pf" || flag == "io" || flag == "dd") {
					list = list[:len(list)-1]
					break
				}
			}
		case strings.HasSuffix(key, ":"): // a figure of the mapping above
		default:
			m, err := parseMapping(key, rest)
			if err != nil {
				return nil, fmt.Errorf("/proc/%d/smaps: %q: %w", p.held.PID, sc.Text(), err)
			}
			list = append(list, m)
		}
	}
	return list, nil
}

// parseMapping reads "start-end perms offset device inode [name]" (proc(5)).
func parseMapping(addresses, rest string) (m proc.MemoryMapEntry, err error) {
	from, to, _ := strings.Cut(addresses, "-")
	fields := strings.Fields(rest)
	if len(fields) < 4 || len(fields[0]) < 3 {
		return m, fmt.Errorf("not a mapping")
	}
	end := uint64(0)
	for _, n := range []struct {
		into *uint64
		text string
	}{{&m.Addr, from}, {&end, to}, {&m.Offset, fields[1]}} {
		if *n.into, err = strconv.ParseUint(n.text, 16, 64); err != nil {
			return m, err
		}
	}
	m.Size = end - m.Addr
	perms, device := fields[0], fields[2]
	m.Read, m.Write, m.Exec = perms[0] == 'r', perms[1] == 'w', perms[2] == 'x'
	if strings.HasPrefix(device, "00:") {
		m.Offset = 0 // no file
	} else {
		m.Filename = strings.Join(fields[4:], " ")
	}
	return m, nil
}
