package dap

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
)

func TestCheckUser(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue // no IPv6 here
		}
		defer l.Close()
		// A dual-stack socket and one of IPv4 are in different lists.
		near, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		far, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer far.Close()
		if err := checkUser(far, os.Getuid()); err != nil {
			t.Errorf("%s: our own: %v", addr, err)
		}
		if err := checkUser(far, os.Getuid()+1); !errors.Is(err, errOtherUser) {
			t.Errorf("%s: another's: %v", addr, err)
		}
		// One that is closed is nobody's, and so not ours: the kernel says 0 of it, which would
		// let everybody in at root's.
		_ = near.Close()
		if err := checkUser(far, 0); err == nil {
			t.Errorf("%s: a closed one is accepted", addr)
		}
	}
	pipe, _ := net.Pipe()
	if err := checkUser(pipe, os.Getuid()); err == nil {
		t.Error("who is at the end of a pipe cannot be known")
	}
}

func TestFindSocket(t *testing.T) {
	const v4 = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0277 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 18000 1 0000000000000000 100 0 0 10 0
   1: 0100007F:D431 0100007F:9C41 01 00000000:00000000 00:00000000 00000000  1000        0 91827 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:D432 0100007F:9C41 06 00000000:00000000 03:00000f00 00000000     0        0 0 3 0000000000000000
 cut off: 0100007F`
	const v6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000100007F:D433 0000000000000000FFFF00000100007F:9C41 01 00000000:00000000 00:00000000 00000000 149098        0 555 1 0000000000000000
   1: 00000000000000000000000001000000:D434 00000000000000000000000001000000:9C41 01 00000000:00000000 00:00000000 00000000    33        0 556 1 0000000000000000`
	at := func(text string) netip.AddrPort { return netip.MustParseAddrPort(text) }
	for _, tt := range []struct {
		list, from, to string
		uid            int
		found          bool
		fails          bool
	}{
		{v4, "127.0.0.1:54321", "127.0.0.1:40001", 1000, true, false},
		{v4, "127.0.0.1:40001", "127.0.0.1:54321", 0, false, false}, // our own end of it
		{v4, "127.0.0.1:54322", "127.0.0.1:40001", 0, false, true},  // closed
		{v4, "127.0.0.1:54323", "127.0.0.1:40001", 0, false, false},
		{v4, "[::ffff:127.0.0.1]:54321", "[::ffff:127.0.0.1]:40001", 1000, true, false},
		{v6, "127.0.0.1:54323", "127.0.0.1:40001", 149098, true, false},
		{v6, "[::1]:54324", "[::1]:40001", 33, true, false},
	} {
		uid, found, err := findSocket(strings.NewReader(tt.list), at(tt.from), at(tt.to))
		if uid != tt.uid || found != tt.found || (err != nil) != tt.fails {
			t.Errorf("%s to %s: %d, %v, %v", tt.from, tt.to, uid, found, err)
		}
	}
}

func FuzzFindSocket(f *testing.F) {
	f.Add("   1: 0100007F:D431 0100007F:9C41 01 00000000:00000000 00:00000000 00000000  1000        0 91827 1\n")
	f.Add("1: : : 1 1 1 1 1 1 1")
	from, to := netip.MustParseAddrPort("127.0.0.1:54321"), netip.MustParseAddrPort("127.0.0.1:40001")
	f.Fuzz(func(t *testing.T, list string) {
		if uid, found, err := findSocket(strings.NewReader(list), from, to); found && (err != nil || uid < 0) {
			t.Errorf("%d, %v", uid, err)
		}
	})
}
