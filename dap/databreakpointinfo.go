package dap

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// wordSize is how many bytes are watched at an address if the client does not say.
const wordSize = 8

// onDataBreakpointInfo says whether something can be watched, and how, before the user
// tries to. That it cannot is an answer too, with the reason, and no error.
func onDataBreakpointInfo(s *session, r *request, args *dataBreakpointInfoArguments) (any, error) {
	id, w, err := s.examine(r.ctx, args)
	if err != nil {
		return dap.DataBreakpointInfoResponseBody{Description: err.Error()}, nil
	}
	body := dap.DataBreakpointInfoResponseBody{DataId: id.String(), Description: s.prospect(id, w), CanPersist: id.Package}
	for _, a := range w.Accesses {
		body.AccessTypes = append(body.AccessTypes, accessName(a))
	}
	return body, nil
}

// examine finds out what a client means, and what can be done with it.
func (s *session) examine(ctx context.Context, args *dataBreakpointInfoArguments) (*dataID, *backend.Watchability, error) {
	id := &dataID{Mode: backend.Mode(args.Mode), PID: s.target.PID(), Bytes: args.Bytes}
	if err := checkMode(id.Mode); err != nil {
		return nil, nil, err
	}
	if args.Bytes < 0 {
		return nil, nil, fmt.Errorf("%d is not a number of bytes", args.Bytes)
	}
	at := backend.Selected
	switch {
	case strings.TrimSpace(args.Name) == "":
		return nil, nil, errors.New("nothing is named")
	case args.AsAddress:
		addr, err := strconv.ParseUint(strings.TrimSpace(args.Name), 0, 64)
		if err != nil || addr == 0 {
			return nil, nil, fmt.Errorf("%q is not an address: write 0xc000012340, or a decimal number", args.Name)
		}
		if id.Addr = addr; id.Bytes == 0 {
			id.Bytes = wordSize
		}
	case args.VariablesReference != 0:
		v, scope, err := s.child(args.VariablesReference, args.Name)
		if err != nil {
			return nil, nil, err
		}
		if v.Unreadable != nil {
			return nil, nil, fmt.Errorf("%s is unreadable: %w", args.Name, v.Unreadable)
		}
		if v.Expr == "" {
			return nil, nil, fmt.Errorf("%s has no name of its own in the program", args.Name)
		}
		at, id.Expr = scope, withoutParens(v.Expr)
	default:
		id.Expr = strings.TrimSpace(args.Name)
		scope, err := s.frame(args.FrameId)
		if err == nil {
			at = scope
			break
		}
		// Frames are those of a stop: where there is none, package variables have meaning.
		w, failed := s.fill(ctx, id, at)
		if args.FrameId != 0 && (failed != nil || !id.Package) {
			return nil, nil, err
		}
		return id, w, failed
	}
	w, err := s.fill(ctx, id, at)
	return id, w, err
}

// fill completes an id of which the expression, or the address, is known.
func (s *session) fill(ctx context.Context, id *dataID, at backend.Scope) (*backend.Watchability, error) {
	in := append(id.options(), backend.InScope(at.Goroutine, at.Frame))
	if id.Mode != "" && id.Bytes == 0 {
		in = append(in, backend.InMode(id.Mode))
	}
	var w *backend.Watchability
	var err error
	addr := id.Addr
	if id.Expr != "" {
		if w, err = s.target.Watchable(ctx, id.Expr, in...); err != nil {
			if w, err = s.tooLarge(ctx, id, at, err); err != nil {
				return nil, err
			}
		}
		addr = w.Addr
		id.Addr, id.Type, id.Local, id.Moves, id.Goroutine, id.Frame = w.Addr, w.Type, w.Local, w.Moves, at.Goroutine, at.Frame
		if w.Package {
			*id = dataID{Expr: w.Qualified, Package: true, Bytes: id.Bytes, Mode: id.Mode, Follow: id.Follow}
		}
	}
	if id.Bytes > 0 {
		if w, err = s.target.Watchable(ctx, bytesAt(addr, id.Bytes)); err != nil {
			return nil, fmt.Errorf("%s: %w", id.name(), err)
		}
	}
	switch {
	case s.stops.fits(id.Mode, w):
	case w.Slots == 0:
		return nil, fmt.Errorf("%s is %d bytes, for which no thread has debug registers enough: watch a part of it, or in mode exact", id.name(), w.Size)
	default:
		return nil, fmt.Errorf("%s needs %s, and %s hold what there is for good", id.name(), registers(w.Slots), strings.Join(w.Holders, ", "))
	}
	return w, nil
}

// tooLarge is for what cannot be watched as a whole: part of it can.
func (s *session) tooLarge(ctx context.Context, id *dataID, at backend.Scope, err error) (*backend.Watchability, error) {
	var slots *backend.SlotsError
	large := errors.As(err, &slots) && slots.Want > slots.Slots
	if id.Bytes == 0 && !large {
		return nil, err
	}
	v, failed := s.target.Evaluate(ctx, at, id.Expr, backend.Load{NoFollow: true})
	if failed != nil || v.Addr == 0 {
		return nil, err
	}
	if id.Bytes == 0 {
		return nil, fmt.Errorf("%s is %d bytes, for which there would have to be %d debug registers, and a thread has %d: watch a part of it",
			id.Expr, v.Size, slots.Want, slots.Slots)
	}
	w := &backend.Watchability{Addr: v.Addr, Type: v.Type}
	w.Qualified, w.Package, err = s.target.Qualified(ctx, at, id.Expr)
	return w, err
}

// prospect says what will become of a data breakpoint.
func (s *session) prospect(id *dataID, w *backend.Watchability) string {
	text := fmt.Sprintf("%s (%s, %d bytes)", id.name(), w.Type, w.Size)
	switch {
	case id.Bytes > 0:
		text = id.name()
	case w.Whole:
		text = fmt.Sprintf("%s (%s) and what belongs to it", id.name(), w.Type)
	}
	switch {
	case w.Guarded && (id.Mode == "" || id.Mode == backend.ModeExact):
		text += ", by a page guard"
	case !w.WouldFit(backend.ModeExact):
		switch id.Mode {
		case backend.ModeExact, backend.ModePinned:
			text += ": the others will take turns, since all debug registers are in use"
		default:
			text += ": it takes turns with others, since all debug registers are in use"
		}
	}
	if w.Local {
		text += ", until its function returns"
	}
	return text
}

func registers(n int) string {
	if n == 1 {
		return "a debug register"
	}
	return fmt.Sprintf("%d debug registers", n)
}

// checkMode accepts the modes that are advertised, and none.
func checkMode(m backend.Mode) error {
	switch m {
	case "", backend.ModeExact, backend.ModePinned, backend.ModeSampled:
		return nil
	}
	return fmt.Errorf("%q is no mode of data breakpoints: exact, pinned or sampled", m)
}

func accessName(a backend.Access) dap.DataBreakpointAccessType {
	switch {
	case a == backend.Read:
		return "read"
	case a.Reads():
		return "readWrite"
	}
	return "write"
}

// accessOf is the other way; clients may leave it out.
func accessOf(name dap.DataBreakpointAccessType) (backend.Access, error) {
	switch name {
	case "", "write":
		return backend.Write, nil
	case "readWrite":
		return backend.ReadWrite, nil
	case "read":
		return backend.Read, nil
	}
	return 0, fmt.Errorf("unknown access type: %q", name)
}
