package ptrace

import (
	"encoding/binary"
	"fmt"
)

// disarmed checks what the registers of a thread hold.
func disarmed(th *Thread) error {
	buf := make([]byte, 8+16*maxSlots)
	n, err := getRegSet(th.TID, ntARMHWWatch, buf)
	if err != nil {
		return err
	}
	for at := 8; at+16 <= n; at += 16 {
		if ctrl := binary.LittleEndian.Uint32(buf[at+8:]); ctrl&1 != 0 {
			return fmt.Errorf("thread %d: control %#x", th.TID, ctrl)
		}
	}
	return nil
}
