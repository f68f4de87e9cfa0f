package ptrace

// flagsAhead is about x86: software step is no bit of what a program can read here.
func (*Thread) flagsAhead() byte { return 0 }

// aheadOfPop is about x86.
func (*Thread) aheadOfPop() bool { return false }

// pop is about x86.
func (*Thread) pop() (pc uint64, popped bool) { return 0, false }

func (*Thread) unpushTrapFlag() error { return nil }
