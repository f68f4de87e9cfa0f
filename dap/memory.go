package dap

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/google/go-dap"
)

// maxMemory is how much is read or written at once, in bytes: some clients take no
// messages of more than 4 MiB, and it is sent in base64.
const maxMemory = 2 << 20

// address is the address that a reference to memory and an offset from it denote. The
// references that we give out are addresses.
func address(reference string, offset int) (uint64, error) {
	addr, err := strconv.ParseUint(reference, 0, 64)
	if err != nil {
		return 0, fmt.Errorf("unknown memoryReference %q: it is no address", reference)
	}
	sum := addr + uint64(offset)
	if (offset < 0) != (sum < addr) && offset != 0 {
		return 0, fmt.Errorf("%#x%+d is outside of the address space", addr, offset)
	}
	return sum, nil
}

// onReadMemory reads memory, up to where it can be read. Of a string or slice that the
// client was shown there is no more than its own.
func onReadMemory(s *session, r *request, args *dap.ReadMemoryArguments) (any, error) {
	refuse := func(err error) (any, error) { return nil, failSilently(idMemory, "Unable to read memory", err) }
	if args.Count < 0 {
		return refuse(errors.New("negative count"))
	}
	if args.Count > maxMemory {
		return refuse(fmt.Errorf("%d bytes are too many at once: ask for %d at most", args.Count, maxMemory))
	}
	base, err := address(args.MemoryReference, 0)
	if err != nil {
		return refuse(err)
	}
	from, count := args.Offset, args.Count
	if size, ok := s.sizeOf(r.ctx, base); ok {
		from = min(max(args.Offset, 0), size)
		count = max(min(args.Offset+args.Count, size)-from, 0)
	}
	addr, err := address(args.MemoryReference, from)
	if err != nil {
		return refuse(err)
	}
	data, err := s.readable(r.ctx, addr, count)
	if err != nil {
		return refuse(err)
	}
	return &dap.ReadMemoryResponseBody{
		Address: fmt.Sprintf("%#x", addr), Data: base64.StdEncoding.EncodeToString(data), UnreadableBytes: args.Count - len(data),
	}, nil
}

// sizeOf is how many bytes the string or slice has that is at an address, if the client
// was shown one there.
func (s *session) sizeOf(ctx context.Context, addr uint64) (int, bool) {
	reg, ok := s.regions[addr]
	if !ok {
		return 0, false
	}
	if reg.v.Kind == reflect.String || reg.v.Len == 0 {
		return int(reg.v.Len), true
	}
	list, err := s.childrenOf(ctx, &node{at: reg.at, v: reg.v}, 0, 1)
	if err != nil || len(list) != 1 {
		return 0, false
	}
	return int(reg.v.Len * list[0].Size), true
}

// readable reads up to count bytes, to the first that cannot be read.
func (s *session) readable(ctx context.Context, addr uint64, count int) ([]byte, error) {
	if rest := math.MaxUint64 - addr; uint64(count) > rest {
		count = int(rest)
	}
	buf := make([]byte, count)
	n, err := s.target.ReadAvailable(ctx, addr, buf)
	if err != nil && (ctx.Err() != nil || s.target.Ended() != nil) {
		return nil, err
	}
	return buf[:n], nil
}

// onWriteMemory writes memory.
func onWriteMemory(s *session, r *request, args *dap.WriteMemoryArguments) (any, error) {
	refuse := func(err error) (any, error) { return nil, fail(idWriteMemory, "Unable to write memory", err) }
	data, err := base64.StdEncoding.DecodeString(args.Data)
	switch {
	case err != nil:
		return refuse(err)
	case len(data) == 0:
		return refuse(errors.New("empty data"))
	case len(data) > maxMemory:
		return refuse(fmt.Errorf("%d bytes are too many at once: write %d at most", len(data), maxMemory))
	}
	addr, err := address(args.MemoryReference, args.Offset)
	if err != nil {
		return refuse(err)
	}
	// What cannot be read cannot be written, so that nothing is written of what does not
	// fit. (The other way: code is written, as debuggers do.)
	there, err := s.readable(r.ctx, addr, len(data))
	if err != nil {
		return refuse(err)
	}
	if len(there) < len(data) && (!args.AllowPartial || len(there) == 0) {
		return refuse(fmt.Errorf("of %d bytes from %#x on, there is memory for %d", len(data), addr, len(there)))
	}
	data = data[:len(there)]
	if err := s.target.WriteMemory(r.ctx, addr, data); err != nil {
		return refuse(err)
	}
	s.answer(r, &dap.WriteMemoryResponseBody{BytesWritten: len(data)}, nil)
	s.invalidated("variables")
	return nil, errLater
}
