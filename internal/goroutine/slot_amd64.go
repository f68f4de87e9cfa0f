package goroutine

// returnSlot is where the return address of a frame is: the call pushed it.
func returnSlot(_, cfa uint64) uint64 { return cfa - 8 }

// frame is the size of a frame whose function has taken so much: the return address is
// part of it.
func frame(taken uint64) uint64 { return taken + 8 }
