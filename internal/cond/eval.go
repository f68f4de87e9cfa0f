package cond

import "encoding/binary"

// Eval evaluates the condition. The error is nil or a [Fault].
func (p *Program) Eval(in *Input) (bool, error) {
	p.in, p.have = in, 0
	ok, fault := p.run()
	p.in = nil
	if fault != 0 {
		return false, fault
	}
	return ok, nil
}

func (p *Program) run() (bool, Fault) {
	var stack [maxStack]uint64
	sp := 0
	for pc := 0; pc < len(p.code); pc++ {
		i := &p.code[pc]
		var fault Fault
		switch i.op {
		case opConst:
			stack[sp] = uint64(i.imm)
			sp++
		case opReg:
			stack[sp] = narrow(p.in.Regs[i.imm&0xff]>>(i.imm>>8), i.size, i.signed)
			sp++
		case opFrame:
			stack[sp] = p.in.Regs[spRegister] + uint64(p.frame+i.imm)
			sp++
		case opWindow:
			fault = p.fill(int(i.imm >> 32))
			w := &p.windows[i.imm>>32]
			stack[sp] = number(p.room[w.at+int(uint32(i.imm)):], i.size, i.signed)
			sp++
		case opLoad:
			fault = p.read(p.word[:i.size], stack[sp-1]+uint64(i.imm))
			stack[sp-1] = number(p.word[:], i.size, i.signed)
		case opPair:
			fault = p.read(p.word[:], stack[sp-1]+uint64(i.imm))
			stack[sp-1] = binary.LittleEndian.Uint64(p.word[:])
			stack[sp] = binary.LittleEndian.Uint64(p.word[8:])
			sp++
		case opOld, opNew:
			b := p.in.Old
			if i.op == opNew {
				b = p.in.New
			}
			if int64(len(b)) < i.imm+int64(i.size) {
				return false, FaultValue
			}
			stack[sp] = number(b[i.imm:], i.size, i.signed)
			sp++
		case opGoroutine:
			id := p.in.Runtime.GoroutineID()
			if id == 0 {
				return false, FaultGoroutine
			}
			stack[sp] = uint64(id)
			sp++
		case opThread:
			stack[sp] = uint64(p.in.Thread)
			sp++
		case opText:
			stack[sp], stack[sp+1] = uint64(i.imm), ownText
			sp += 2
		case opJumpFalse, opJumpTrue:
			if (stack[sp-1] != 0) == (i.op == opJumpTrue) {
				pc = int(i.imm) - 1
			} else {
				sp--
			}
		case opTextCompare:
			var c int
			if c, fault = p.compareTexts(compare(i.imm), stack[sp-4:sp]); fault == 0 {
				stack[sp-4] = truth(compare(i.imm).holds(c))
			}
			sp -= 3
		case opIndex:
			base, n, idx := stack[sp-3], stack[sp-2], stack[sp-1]
			switch {
			case base == 0:
				fault = FaultNil
			case int64(idx) < 0 || int64(idx) >= int64(n):
				fault = FaultBounds
			}
			stack[sp-3] = base + idx*uint64(i.imm)
			sp -= 2
		default:
			if takes, _ := i.op.stack(); takes == 1 {
				stack[sp-1], fault = i.unary(stack[sp-1])
			} else {
				stack[sp-2], fault = i.binary(stack[sp-2], stack[sp-1])
				sp--
			}
		}
		if fault != 0 {
			return false, fault
		}
	}
	return stack[0] != 0, 0
}

// fill reads a window.
func (p *Program) fill(n int) Fault {
	if p.have&(1<<n) != 0 {
		return 0
	}
	p.have |= 1 << n
	w := &p.windows[n]
	addr := uint64(w.from)
	if w.frame {
		addr += p.in.Regs[spRegister] + uint64(p.frame)
	}
	return p.read(p.room[w.at:w.at+w.size], addr)
}

func (p *Program) read(buf []byte, addr uint64) Fault {
	if at, n := addr-p.in.KnownAt, uint64(len(p.in.Known)); at <= n && uint64(len(buf)) <= n-at && n > 0 {
		copy(buf, p.in.Known[at:])
		return 0
	}
	if n, err := p.in.Memory.ReadMemory(buf, addr); err != nil || n != len(buf) {
		return FaultRead
	}
	return 0
}

// number reads a number of size bytes. Both architectures are little-endian.
func number(b []byte, size uint8, signed bool) uint64 {
	switch size {
	case 1:
		return narrow(uint64(b[0]), 1, signed)
	case 2:
		return narrow(uint64(binary.LittleEndian.Uint16(b)), 2, signed)
	case 4:
		return narrow(uint64(binary.LittleEndian.Uint32(b)), 4, signed)
	}
	return binary.LittleEndian.Uint64(b)
}

// narrow makes n a number of size bytes, as Go's conversions do.
func narrow(n uint64, size uint8, signed bool) uint64 {
	shift := 64 - 8*uint(size)
	if signed {
		return uint64(int64(n<<shift) >> shift)
	}
	return n << shift >> shift
}

func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
