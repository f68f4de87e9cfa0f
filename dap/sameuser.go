package dap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// errOtherUser is why a connection is refused.
var errOtherUser = errors.New("it is another user's: only connections of the user that runs the server are accepted (--only-same-user)")

// checkUser looks for who is at the other end of a connection: it has to be uid. Users of
// other machines cannot be told; who does not want them listens on the loopback.
func checkUser(conn net.Conn, uid int) error {
	var peer int
	var err error
	switch c := conn.(type) {
	case *net.UnixConn:
		peer, err = unixPeer(c)
	case *net.TCPConn:
		local, remote := c.LocalAddr().(*net.TCPAddr).AddrPort(), c.RemoteAddr().(*net.TCPAddr).AddrPort()
		if !fromHere(local, remote) {
			return nil
		}
		peer, err = tcpPeer(local, remote)
	default:
		return fmt.Errorf("who is at the other end of a %T cannot be told", conn)
	}
	if err == nil && peer != uid {
		err = fmt.Errorf("%w: uid %d", errOtherUser, peer)
	}
	return err
}

// unixPeer is who connected (unix(7), SO_PEERCRED).
func unixPeer(c *net.UnixConn) (uid int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	if ctl := raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); ctl != nil {
		return 0, ctl
	}
	if err != nil {
		return 0, err
	}
	return int(cred.Uid), nil
}

// fromHere reports whether the other end of a connection is on this machine: on the
// loopback, or with the same address.
func fromHere(local, remote netip.AddrPort) bool {
	return remote.Addr().Unmap().IsLoopback() || remote.Addr().Unmap().WithZone("") == local.Addr().Unmap().WithZone("")
}

// tcpPeer is who owns the socket at the other end, by the kernel's list of sockets.
func tcpPeer(local, remote netip.AddrPort) (uid int, err error) {
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, openErr := os.Open(name)
		if openErr != nil {
			err = openErr // a kernel without IPv6 has no tcp6
			continue
		}
		uid, found, readErr := findSocket(f, remote, local)
		_ = f.Close()
		if found || readErr != nil {
			return uid, readErr
		}
	}
	return 0, errors.Join(err, fmt.Errorf("the socket at the other end, %s, is not to be found in /proc/net", remote))
}

// findSocket looks for a connection in what the kernel prints of all (net/ipv4/tcp_ipv4.c,
// get_tcp4_sock): number, the two addresses, state, queues, timer, retransmits, uid,
// timeout, inode. A socket that has no inode any more was closed by its owner: the uid is
// 0 then, whoever that was, and is not believed.
func findSocket(r io.Reader, from, to netip.AddrPort) (uid int, found bool, err error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 10 || !isAddr(f[1], from) || !isAddr(f[2], to) {
			continue
		}
		if f[9] == "0" {
			return 0, false, errors.New("it has been closed: whose it was cannot be told")
		}
		uid, err := strconv.Atoi(f[7])
		return uid, err == nil, err
	}
	return 0, false, lines.Err()
}

// isAddr compares an address with one that the kernel prints: words of 4 bytes, each as
// the processor reads it from the order of the network, and the port.
func isAddr(text string, want netip.AddrPort) bool {
	host, port, ok := strings.Cut(text, ":")
	if p, err := strconv.ParseUint(port, 16, 16); !ok || err != nil || uint16(p) != want.Port() {
		return false
	}
	var raw []byte
	for ; len(host) >= 8; host = host[8:] {
		word, err := strconv.ParseUint(host[:8], 16, 32)
		if err != nil {
			return false
		}
		raw = binary.NativeEndian.AppendUint32(raw, uint32(word))
	}
	addr, ok := netip.AddrFromSlice(raw)
	return ok && host == "" && addr.Unmap() == want.Addr().Unmap().WithZone("")
}
