package dap

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/argusdbg/argus/backend"
)

// firstHandle is the first number of a frame, and of something that has children: 0 means
// none in the protocol, and small numbers are taken for the ids of threads by people.
const firstHandle = 1000

// handles are the numbers by which the client knows frames and variables. They are good
// for one stop.
type handles struct {
	frames []knownFrame
	nodes  []*node
	images []backend.Image // of this stop; nil: not asked for yet

	// regions are the strings and slices whose memory the client knows by its address.
	regions map[uint64]region

	saidMany bool // the user knows that there are many goroutines
}

// knownFrame is a frame that the client has been told of.
type knownFrame struct {
	backend.Frame
	at backend.Scope
}

// node is something that the client can ask for the children of: a variable, a scope or the
// results of a call.
type node struct {
	at backend.Scope
	v  *backend.Variable // whose children they are, if
	// list, which returns them all otherwise, is nil.
	list  func(ctx context.Context) ([]*backend.Variable, error)
	shown map[string]*backend.Variable // children that the client has been told of, by name
}

// region is what a string or slice refers to: of it, not of what happens to be behind it,
// the client is shown the memory.
type region struct {
	v  *backend.Variable
	at backend.Scope
}

// addRegion notes what a variable refers to.
func (h *handles) addRegion(v *backend.Variable, at backend.Scope) {
	if h.regions == nil {
		h.regions = map[uint64]region{}
	}
	h.regions[v.Base] = region{v, at}
}

// reset forgets them all: the program runs.
func (h *handles) reset() { *h = handles{saidMany: h.saidMany} }

// addFrame returns the number of a frame. Each time that it is shown it has a new one.
func (h *handles) addFrame(f knownFrame) int {
	h.frames = append(h.frames, f)
	return firstHandle + len(h.frames) - 1
}

// addNode returns the number of something that has children.
func (h *handles) addNode(n *node) int {
	h.nodes = append(h.nodes, n)
	return firstHandle + len(h.nodes) - 1
}

// known returns the frame of a number.
func (h *handles) known(id int) (knownFrame, bool) {
	i := id - firstHandle
	if i < 0 || i >= len(h.frames) {
		return knownFrame{}, false
	}
	return h.frames[i], true
}

// node returns what a variablesReference refers to.
func (h *handles) node(ref int) (*node, error) {
	i := ref - firstHandle
	if i < 0 || i >= len(h.nodes) {
		return nil, fmt.Errorf("unknown reference %d", ref)
	}
	return h.nodes[i], nil
}

// frame returns the scope of the frame with a number.
func (s *session) frame(id int) (backend.Scope, error) {
	f, ok := s.known(id)
	if !ok {
		return backend.Scope{}, fmt.Errorf("unknown frame id %d", id)
	}
	return f.at, nil
}

// frameOrSelected is frame for requests in which a frame may be missing: then it is the
// innermost of the selected goroutine. So it is for one of an earlier stop, which editors
// ask for while they have not yet asked for the new ones.
func (s *session) frameOrSelected(id int) backend.Scope {
	if f, ok := s.known(id); ok {
		return f.at
	}
	return backend.Selected
}

// child returns the variable that a container shows under a name, and the scope that its
// expression is meant in.
func (s *session) child(ref int, name string) (*backend.Variable, backend.Scope, error) {
	n, err := s.node(ref)
	if err != nil {
		return nil, backend.Scope{}, err
	}
	if v := n.shown[name]; v != nil {
		return v, n.at, nil
	}
	start, count := 0, s.target.MaxArrayValues
	if i, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")); err == nil && n.v != nil {
		start, count = i, 1
	}
	if _, err := s.children(s.ctx, n, start, count); err != nil {
		return nil, n.at, err
	}
	if v := n.shown[name]; v != nil {
		return v, n.at, nil
	}
	return nil, n.at, errors.New("failed to find the named variable")
}

// children returns what a node has by index, from start on, if it has such children, and
// all that it has otherwise.
func (s *session) children(ctx context.Context, n *node, start, count int) (list []*backend.Variable, err error) {
	switch {
	case n.list != nil:
		list, err = n.list(ctx)
	case n.v.Indexed == 0:
		list, err = s.childrenOf(ctx, n, 0, 0)
	default:
		list, err = s.childrenOf(ctx, n, start, count)
	}
	if err != nil {
		return nil, err
	}
	if n.shown == nil {
		n.shown = make(map[string]*backend.Variable, len(list))
	}
	for _, v := range list {
		n.shown[v.Name] = v
	}
	return list, nil
}

// childrenOf asks the backend for children.
func (s *session) childrenOf(ctx context.Context, n *node, start, count int) ([]*backend.Variable, error) {
	return s.ofNode(ctx, n, func() ([]*backend.Variable, error) { return s.target.Children(ctx, n.v, start, count, s.load()) })
}

// ofNode reads what a variable has. A function call lets the program run without a stop
// that the client is told of: the variable is then read again first.
func (s *session) ofNode(ctx context.Context, n *node, read func() ([]*backend.Variable, error)) ([]*backend.Variable, error) {
	list, err := read()
	if !errors.Is(err, backend.ErrStale) {
		return list, err
	}
	if err := s.readAgain(ctx, n); err != nil {
		return nil, err
	}
	return read()
}

func (s *session) readAgain(ctx context.Context, n *node) error {
	if n.v.Expr == "" {
		return backend.ErrStale
	}
	v, err := s.target.Evaluate(ctx, n.at, n.v.Expr, s.load())
	if err != nil {
		return err
	}
	v.Name = n.v.Name
	v.DenotedBy(n.v.Expr)
	n.v = v
	return nil
}
