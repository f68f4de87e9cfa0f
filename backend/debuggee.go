package backend

import (
	"fmt"

	"github.com/go-delve/delve/pkg/goversion"
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/goroutine"
	"github.com/argusdbg/argus/internal/insn"
	"github.com/argusdbg/argus/internal/where"
)

// debuggee is a program of a session, and what is known of it. There are several if the
// session follows the programs that its own starts.
type debuggee struct {
	target     *proc.Target
	process    *glue.Process // nil: a core file
	goroutines *goroutine.Reader
	tlsG       uint64 // where the g pointer is, from the thread's TLS base
	gBuf       []byte
	evaluator  evaluator         // of conditions
	exact      [2][maxValue]byte // room for what an instruction replaced and wrote
	started    bool              // it has run Go code
	lines      *where.Lines
	writers    *insn.Cache
	sites      map[uint64]*site // by address
	ending     bool             // it has said that it ends
	lineEnds   map[lineEnd]bool // see leaves
	views      views            // of its variables
	population population       // its goroutines
	objects    heapWatch
	locals     watchedLocals // that are watched
	contexts   contexts      // of its goroutines
}

// newDebuggee finds out what is needed of a program. name is what the user calls it.
func newDebuggee(target *proc.Target, process *glue.Process, name string, anyVersion bool) (*debuggee, error) {
	d := &debuggee{target: target, process: process, lines: where.New(target), sites: map[uint64]*site{}}
	bi := target.BinInfo()
	if len(bi.Images) == 0 || !bi.Images[0].IsGo {
		return nil, &TargetError{Path: name, Reason: "not a Go program: Argus debugs Go programs"}
	}
	if !anyVersion {
		if err := goversion.Compatible(bi.DwarfVersion(), bi.Producer(), false); err != nil {
			return nil, &TargetError{Path: name, Err: err, Reason: fmt.Sprintf(
				"built by a Go version that is not known to work (%s; known are %d.%d to %d.%d): build it with one of those, or ask for any version and expect errors",
				goVersion(bi), goversion.MinSupportedVersionOfGoMajor, goversion.MinSupportedVersionOfGoMinor,
				goversion.MaxSupportedVersionOfGoMajor, goversion.MaxSupportedVersionOfGoMinor)}
		}
	}
	var err error
	if d.goroutines, err = goroutine.New(bi); err != nil {
		return nil, &TargetError{Path: name, Err: err, Reason: err.Error()}
	}
	if d.tlsG, err = bi.GStructOffset(target.Memory()); err != nil {
		return nil, &TargetError{Path: name, Err: err, Reason: "where it keeps its goroutines could not be found: " + err.Error()}
	}
	d.gBuf = make([]byte, d.goroutines.Size())
	if process == nil {
		return d, nil
	}
	d.writers = insn.NewCache(program{process}, d.bounds, 1<<14)
	return d, d.removeInternalBreakpoints()
}

// removeInternalBreakpoints takes out what Delve sets by itself, so that no
// instruction of the program is changed that the user did not ask for.
func (d *debuggee) removeInternalBreakpoints() error {
	for addr, bp := range d.target.Breakpoints().M {
		if bp.LogicalID() < 0 {
			if err := d.target.ClearBreakpoint(addr); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *debuggee) bounds(pc uint64) (entry, end uint64, err error) {
	fn := d.target.BinInfo().PCToFunc(pc)
	if fn == nil {
		return 0, 0, fmt.Errorf("no function is known at %#x", pc)
	}
	return fn.Entry, fn.End, nil
}

func goVersion(bi *proc.BinaryInfo) string {
	v := goversion.ParseProducer(bi.Producer())
	return v.String()
}

// program is the memory without breakpoints.
type program struct{ p *glue.Process }

func (m program) ReadMemory(buf []byte, addr uint64) (int, error) { return m.p.ReadProgram(buf, addr) }
