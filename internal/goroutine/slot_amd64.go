package goroutine

// returnSlot is where the return address of a frame is: the call pushed it.
func returnSlot(_, cfa uint64) uint64 { return cfa - 8 }
