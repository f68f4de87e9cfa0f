package insn

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// reads matches the mnemonics whose first operand in Intel syntax is memory
// that they read.
var reads = regexp.MustCompile(`^(cmp|test|bt|mul|imul|div|idiv|f(add|sub|mul|div|com|ucom|ld|ild|bld|iadd|isub|imul|idiv|icom|rstor)\w*|` +
	`v?ldmxcsr|fxrstor\w*|xrstor\w*|l[gil]dt|ltr|lmsw|ver[rw]|invlpg|cl(flush|wb)\w*|ptwrite|vmptrld|vmxon|vmclear|` +
	`ldtilecfg|rstorssp|vmread|cmps[bwdq]?|aes(enc|dec)wide\w+)$`)

// idle matches the mnemonics that name memory and neither read nor write it,
// or whose access is seen elsewhere: CALL and JMP at their target.
var idle = regexp.MustCompile(`^(lea|nop|prefetch\w*|v(gather|scatter)pf\w+|bnd\w+|cldemote|call|jmp|mov\w*cr)$`)

// outside matches what has its own tests, and what only the kernel executes:
// PUSH makes two accesses, string instructions none in ModRM.
var outside = regexp.MustCompile(`^(push|pop|(movs|stos|lods|scas|ins|outs|cmps)[bwdq]?|xlat|v?maskmov(q|dqu)|movdir64b|enqcmds?|vmread|vmptrst|xsave\w*|v?p?(gather|scatter)\w+|v\w*gather\w+|v\w*scatter\w+|tile\w+|sttilecfg|bts|btr|btc|bt|s[gi]dt|fx?n?save\w*|fn?stenv|clrssbsy|invept|invvpid|invpcid|rstorssp)$`)

// The classes of mnemonics.
const (
	classNormal = iota // writes to its first operand
	classReads
	classIdle
	classOutside
)

var classes = map[string]int{}

func classify(mnemonic string) int {
	class, ok := classes[mnemonic]
	if !ok {
		switch {
		case outside.MatchString(mnemonic):
			class = classOutside
		case idle.MatchString(mnemonic):
			class = classIdle
		case reads.MatchString(mnemonic):
			class = classReads
		}
		classes[mnemonic] = class
	}
	return class
}

// isPrefix reports whether a word of objdump's text stands before the mnemonic.
func isPrefix(word string) bool {
	switch word {
	case "lock", "rep", "repz", "repnz", "bnd", "notrack", "data16", "addr32", "xacquire", "xrelease",
		"cs", "ds", "es", "fs", "gs", "ss", "rex":
		return true
	}
	return strings.HasPrefix(word, "{") || strings.HasPrefix(word, "rex.")
}

var memoryOperand = regexp.MustCompile(`^(?:(\w+) (?:PTR|BCST) )?(?:([cdefgs]s):)?(?:\[([^\]]+)\]|0x([0-9a-f]+))`)

var sizes = map[string]int{"BYTE": 1, "WORD": 2, "DWORD": 4, "QWORD": 8, "TBYTE": 10, "XMMWORD": 16, "YMMWORD": 32, "ZMMWORD": 64}

// parsed is the text of a listing taken apart.
type parsed struct {
	mnemonic string
	memory   []string // matches of memoryOperand for the operand in memory
	first    bool     // it is the first operand, where Intel syntax writes to
}

func (l listing) parse() parsed {
	text, _, _ := strings.Cut(l.text, "#")
	mnemonic, operands, _ := strings.Cut(strings.TrimSpace(text), " ")
	for isPrefix(mnemonic) {
		mnemonic, operands, _ = strings.Cut(strings.TrimSpace(operands), " ")
	}
	operands = strings.TrimSpace(operands)
	p := parsed{mnemonic: mnemonic}
	if !strings.ContainsAny(operands, "[:") {
		return p
	}
	for i, op := range strings.Split(operands, ",") {
		if m := memoryOperand.FindStringSubmatch(op); m != nil && (m[3] != "" || m[2] != "") {
			p.memory, p.first = m, i == 0
			break
		}
	}
	return p
}

var registerNames = strings.Fields("rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15")
var registerNames32 = strings.Fields("eax ecx edx ebx esp ebp esi edi r8d r9d r10d r11d r12d r13d r14d r15d")

// evaluate computes the address that a memory operand in text names.
func evaluate(t *testing.T, m []string, r *Regs, next uint64) (uint64, bool) {
	sum, narrow := uint64(0), false
	if m[3] == "" {
		sum, _ = strconv.ParseUint(m[4], 16, 64)
	}
	for term := range strings.FieldsSeq(strings.NewReplacer("+", " ", "-", " -").Replace(m[3])) {
		name, factor, _ := strings.Cut(term, "*")
		scale := uint64(1)
		if factor != "" {
			scale, _ = strconv.ParseUint(factor, 10, 64)
		}
		value, found := uint64(0), false
		for i := range registerNames {
			if name == registerNames[i] || name == registerNames32[i] {
				value, found = r.GPR[i], true
				narrow = narrow || name == registerNames32[i]
			}
		}
		switch {
		case found:
		case name == "rip", name == "eip":
			value, narrow = next, narrow || name == "eip"
		case name == "riz", name == "eiz":
			narrow = narrow || name == "eiz"
		case strings.HasPrefix(name, "-0x"):
			n, _ := strconv.ParseUint(name[3:], 16, 64)
			value = -n
		case strings.HasPrefix(name, "0x"):
			value, _ = strconv.ParseUint(name[2:], 16, 64)
		default:
			return 0, false // vector index
		}
		sum += value * scale
	}
	if narrow {
		sum = uint64(uint32(sum))
	}
	switch m[2] {
	case "fs":
		sum += r.FSBase
	case "gs":
		sum += r.GSBase
	}
	return sum, true
}

// checkEffect compares effect and address with the text of objdump.
func checkEffect(t *testing.T, l listing, r *Regs) (stores, addresses int, ok bool) {
	var in inst
	if err := in.decode(l.code); err != nil {
		t.Errorf("%v: %s", err, l.line)
		return 0, 0, false
	}
	p := l.parse()
	class := classify(p.mnemonic)
	if class == classOutside {
		return 0, 0, true
	}
	e := in.effect()
	want := "nothing"
	switch {
	case p.memory == nil || class == classIdle:
	case p.first && class != classReads:
		want = "store"
	default:
		want = "load"
	}
	got := "nothing"
	switch {
	case e.place != operand:
	case e.kind == Load:
		got = "load"
	default:
		got = "store"
	}
	if got != want {
		t.Errorf("effect is %s (%+v), want %s: %s", got, e, want, l.line)
		return 0, 0, false
	}
	if p.memory == nil || want == "nothing" {
		return 0, 0, true
	}
	if got == "store" {
		stores = 1
		if size := sizes[p.memory[1]]; size != 0 && size != e.size {
			t.Errorf("size %d, want %d: %s", e.size, size, l.line)
			return 0, 0, false
		}
	}
	if addr, known := evaluate(t, p.memory, r, r.PC); known {
		e.clobber = 0
		mine, told := in.address(r, r.PC, &e)
		if !told && e.kind == Load {
			return stores, 0, true // displacement scaled by a size not looked up
		}
		if !told || mine != addr {
			t.Errorf("address %#x, %v, want %#x: %s", mine, told, addr, l.line)
			return stores, 0, false
		}
		addresses = 1
	}
	return stores, addresses, true
}

func randomRegs() *Regs {
	random := rand.New(rand.NewPCG(2009, 7))
	r := &Regs{PC: random.Uint64(), FSBase: random.Uint64(), GSBase: random.Uint64()}
	for i := range r.GPR {
		r.GPR[i] = random.Uint64()
	}
	return r
}

// TestEffectAgainstObjdump compares, for every instruction, whether it stores,
// how much, and where, with the operands that objdump prints.
func TestEffectAgainstObjdump(t *testing.T) {
	records := filepath.Join(t.TempDir(), "records")
	if err := os.WriteFile(records, everyOpcode(), 0o600); err != nil {
		t.Fatal(err)
	}
	r := randomRegs()
	check := func(t *testing.T, file string, skip func(listing) bool, args ...string) {
		stores, addresses, wrong := 0, 0, 0
		seen := map[string]bool{} // what is checked depends on the bytes alone
		disassemble(t, file, func(l listing) {
			if skip(l) || wrong > 50 || seen[string(l.code)] || l.data() || l.want() != len(l.code) {
				return
			}
			seen[string(l.code)] = true
			s, a, ok := checkEffect(t, l, r)
			stores, addresses = stores+s, addresses+a
			if !ok {
				wrong++
			}
		}, args...)
		t.Logf("%d stores, %d addresses compared", stores, addresses)
		if stores < 1000 || addresses < 2000 {
			t.Error("too few")
		}
	}
	t.Run("every opcode", func(t *testing.T) {
		check(t, records, func(l listing) bool { return l.at%recordSize != 0 }, "-D", "-b", "binary", "-m", "i386:x86-64")
	})
	if testing.Short() {
		return
	}
	for _, file := range binaries(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			check(t, file, func(listing) bool { return false }, "-d")
		})
	}
}
