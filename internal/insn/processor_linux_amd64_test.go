package insn

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
)

// steps is how many instructions TestProcessor executes; one costs about
// 20 to 60 us.
const steps = 40_000

// target is a process that is stepped through, and its memory.
type target struct {
	pid int
	mem *os.File
}

func (p *target) ReadMemory(buf []byte, addr uint64) (int, error) {
	return p.mem.ReadAt(buf, int64(addr))
}

// setRegs sets the general registers and the program counter.
func (p *target) setRegs(r *Regs) error {
	var u syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(p.pid, &u); err != nil {
		return fmt.Errorf("reading registers: %w", err)
	}
	for i, to := range []*uint64{&u.Rax, &u.Rcx, &u.Rdx, &u.Rbx, &u.Rsp, &u.Rbp, &u.Rsi, &u.Rdi, &u.R8, &u.R9, &u.R10, &u.R11, &u.R12, &u.R13, &u.R14, &u.R15} {
		*to = r.GPR[i]
	}
	u.Rip = r.PC
	if err := syscall.PtraceSetRegs(p.pid, &u); err != nil {
		return fmt.Errorf("writing registers: %w", err)
	}
	return nil
}

func (p *target) regs() (*Regs, error) {
	var u syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(p.pid, &u); err != nil {
		return nil, fmt.Errorf("reading registers: %w", err)
	}
	return &Regs{
		GPR: [16]uint64{u.Rax, u.Rcx, u.Rdx, u.Rbx, u.Rsp, u.Rbp, u.Rsi, u.Rdi, u.R8, u.R9, u.R10, u.R11, u.R12, u.R13, u.R14, u.R15},
		PC:  u.Rip, Flags: u.Eflags, FSBase: u.Fs_base, GSBase: u.Gs_base,
	}, nil
}

// startTarget starts a shell, stopped at the first instruction of its loader.
// The calling goroutine must be locked to its thread.
func startTarget(t *testing.T) *target {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell to step through: ", err)
	}
	cmd := exec.Command(sh, "-c", "for i in 1 2 3 4 5 6 7 8 9; do x=$x$i; y=${x#1}$y; done; : $((i + 1))")
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	err = cmd.Start()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("ptrace is not permitted here: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(cmd.Process.Pid, &status, 0, nil); err != nil || !status.Stopped() {
		t.Fatalf("waiting for the first stop: %v, status %#x", err, status)
	}
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", cmd.Process.Pid), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mem.Close() })
	return &target{cmd.Process.Pid, mem}
}

// TestProcessor steps through a real program and compares each instruction
// with what the processor made of it: the length, the address, the value
// written and the value replaced.
func TestProcessor(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := startTarget(t)
	var c comparison
	r, err := p.regs()
	if err != nil {
		t.Fatal(err)
	}
	for range steps {
		var status syscall.WaitStatus
		if r, status = c.step(t, p, r); status.Exited() {
			break
		}
	}
	t.Logf("%+v", c)
	if c.stores < 300 || c.written < 300 || c.lengths < steps/2 {
		t.Error("too few")
	}
}

// injected are instructions that programs seldom use. All go through RBX, with
// RCX as index or bit number, or through RSP.
var injected = []string{
	"488703", "8703", "668703", "8603", "8623", "408623", "4C870B", "48874C0B10", // XCHG
	"F0480FC103", "0FC103", "660FC103", "0FC003", "0FC023", "F04C0FC10B", // XADD
	"F0480FB113", "0FB113", "660FB113", "0FB013", "0FB033", "F04C0FB10B", // CMPXCHG
	"F00FC70B", "F0480FC70B", // CMPXCHG8B, CMPXCHG16B
	"C4E2E9E10B", "C4E269E40B", // CMPccXADD
	"488903", "8823", "408823", "44884B01", "C60380", "48C70311223384", "66C7031122", "0FC303", "480FC303", // MOV, MOVNTI
	"0F38F103", "660F38F103", "480F38F103", "480F38F903", // MOVBE, MOVDIRI
	"50", "54", "4151", "6650", "6A80", "6811223384", "666A80", "9C", "FF33", "0FA0", "8F03", // PUSH, POP
	"480FAB0B", "660FB30B", "0FBB0B", "F0480FBA2B11", // BTS, BTR, BTC
	"48FF03", "F6D8", "66F713", "C02301", "480FA40B05", "0F9403", "8C1B", // NEG, SHL, SHLD, SETcc, segment
	"0F1103", "F30F1103", "F20F1143F8", "0F1343F8", "660FD603", "660F7E03", "66480F7E03", "0FE703", "660F3A14030F", // SSE
	"C5FE7F03", "C5FC1143E0", "C4E37D190301", "C4E3791D0300", // AVX
	"62F1FE487F4301", "62F1FE487F43FF", "62F17E08114302", "62F27E28114302", "62F37D483B430101", // AVX-512
	"D91B", "DD1B", "DB3B", "D97B04", "DF33", "D933", "DD33", "0FAE5B04", // x87
	"AA", "66AB", "48AB", "48A5", "A4", // strings
}

// TestProcessorInjected puts instructions into a process, executes them with
// random registers, and compares as TestProcessor does.
func TestProcessorInjected(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := startTarget(t)
	start, err := p.regs()
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(2009, 7))
	data := start.GPR[regRSP] - 4096
	var c comparison
	for _, text := range injected {
		if _, err := p.mem.WriteAt(code(t, text), int64(start.PC)); err != nil {
			t.Fatal(err)
		}
		for round := range 12 {
			r := *start
			for i := range r.GPR {
				r.GPR[i] = random.Uint64()
			}
			r.GPR[regRBX] = data
			r.GPR[regRCX] = uint64(int64(random.IntN(1000) - 500))
			r.GPR[regRSP], r.GPR[regRDI], r.GPR[regRSI] = data+512, data+1024, data-1024
			content := binary.LittleEndian.AppendUint64(nil, r.GPR[regRAX])
			content = binary.LittleEndian.AppendUint64(content, r.GPR[regRDX])
			if round%2 == 0 { // otherwise CMPXCHG succeeds
				content[0]++
			}
			if text == "F00FC70B" { // compares with EDX:EAX
				copy(content[4:], content[8:12])
			}
			if _, err := p.mem.WriteAt(content, int64(data)); err != nil {
				t.Fatal(err)
			}
			if err := p.setRegs(&r); err != nil {
				t.Fatal(err)
			}
			if _, status := c.step(t, p, &r); status.StopSignal() == syscall.SIGILL {
				t.Logf("%s: not on this processor", text)
				break
			} else if status.StopSignal() != syscall.SIGTRAP {
				t.Errorf("%s: stopped by %v", text, status.StopSignal())
				break
			}
		}
	}
	t.Logf("%+v", c)
	if c.stores < 500 || c.written < 200 || c.replaced < 200 {
		t.Error("too few")
	}
}

// comparison counts what was compared.
type comparison struct {
	lengths, stores, written, replaced int
}

// step executes one instruction and compares.
func (c *comparison) step(t *testing.T, p *target, before *Regs) (*Regs, syscall.WaitStatus) {
	t.Helper()
	buf := make([]byte, maxLen)
	n, _ := p.ReadMemory(buf, before.PC)
	var in inst
	if err := in.decode(buf[:n]); err != nil {
		t.Fatalf("at %#x: %v: % x", before.PC, err, buf[:n])
	}
	var x executed
	x.in, x.before = &in, before
	if e := in.effect(); e.place == operand && e.kind != Load && in.op != 0x8F { // POP moves RSP first
		e.clobber = 0
		if x.at, x.known = in.address(before, before.PC+uint64(in.len), &e); x.known {
			p.ReadMemory(x.old[:], x.at)
		}
	}
	if err := syscall.PtraceSingleStep(p.pid); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(p.pid, &status, 0, nil); err != nil {
		t.Fatal(err)
	}
	if status.Exited() {
		return nil, status
	}
	after, err := p.regs()
	if err != nil {
		t.Fatal(err)
	}
	x.after = after
	if status.StopSignal() == syscall.SIGTRAP {
		c.compare(t, p, &x)
	}
	return after, status
}

// executed is an instruction, the registers around it, and what lay in memory
// before at the address it writes to, if that was known.
type executed struct {
	in            *inst
	before, after *Regs
	at            uint64
	known         bool
	old           [16]byte
}

func (c *comparison) compare(t *testing.T, p *target, x *executed) {
	in, after, next := x.in, x.after, x.before.PC+uint64(x.in.len)
	complain := func(format string, args ...any) {
		t.Helper()
		t.Errorf("opcode %d:%#x at %#x: %s", in.opmap, in.op, x.before.PC, fmt.Sprintf(format, args...))
	}
	if x.known && after.PC != next {
		complain("stores, has %d bytes, but continues at %+d", in.len, int64(after.PC-x.before.PC))
		return
	}
	if after.PC != next {
		return // a branch, or a repeated instruction that goes on
	}
	c.lengths++
	if e := in.effect(); x.known && e.size > 0 {
		c.stores++
		if mine, told := in.address(after, next, &e); told && mine != x.at {
			complain("address %#x afterwards, %#x before", mine, x.at)
		} else if v, _ := in.touches(after, next, span{x.at, e.size}); told && v != yes {
			complain("verdict %d on what it wrote", v)
		}
	}
	s := in.store(x.before.PC)
	if v, ok := s.Written(after); ok {
		c.written++
		now := make([]byte, v.Size)
		if _, err := p.ReadMemory(now, v.Addr); err != nil || !bytes.Equal(now, v.Data[:v.Size]) {
			complain("written % x, memory has % x, %v", v.Data[:v.Size], now, err)
		}
	}
	if v, ok := s.OldValue(after); ok {
		c.replaced++
		if v.Addr != x.at || !bytes.Equal(x.old[:v.Size], v.Data[:v.Size]) {
			complain("replaced % x at %#x, memory had % x at %#x", v.Data[:v.Size], v.Addr, x.old[:v.Size], x.at)
		}
	}
}
