package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/argusdbg/argus/backend"
)

// scoping says whose writes are watched, and in which calls.
type scoping struct {
	in string           // the function of --in
	on backend.Selector // what --goroutine names
}

// flags are those of watch and attach alike.
func (s *scoping) flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "in", Usage: "watch local variables of FUNC, in each of its calls", Destination: &s.in},
		&cli.GenericFlag{Name: "goroutine", Usage: "watch what some goroutines do: id=, func= or label=", Value: &selectorFlag{s}},
	}
}

// selectorFlag is the value of --goroutine.
type selectorFlag struct{ s *scoping }

// Set reads a selector. Given again it says more of the same goroutines.
func (f *selectorFlag) Set(text string) error {
	sel, err := backend.ParseSelector(text)
	var bad *backend.SelectorError
	if errors.As(err, &bad) {
		return fmt.Errorf("%s", bad.Reason)
	}
	on := &f.s.on
	if on.ID != 0 && sel.ID != 0 || on.Func != "" && sel.Func != "" || on.Label != "" && sel.Label != "" {
		return fmt.Errorf("given twice: the second %s would mean the first no more", sel)
	}
	on.ID, on.Func, on.Label = max(on.ID, sel.ID), on.Func+sel.Func, on.Label+sel.Label
	return nil
}

// String is the default, which is none.
func (f *selectorFlag) String() string { return "" }

// Get is for the library.
func (f *selectorFlag) Get() any { return f.s.on }

// watched is a watchpoint, or those of all calls of a function.
type watched interface {
	Stats() backend.Stats
	Type() string
	Explain(context.Context) ([]backend.Evaluation, error)
}

// watch sets what one -w or -rw asks for: a local variable of the function that is named, if
// it has one, and otherwise what the expression means everywhere.
func (j *job) watch(ctx context.Context, a watchArg, opts []backend.WatchOption) (watched, error) {
	in, on := j.in, j.on
	if in == "" {
		in = on.Func
	}
	if in == "" {
		return j.session.Watch(ctx, a.expr, a.access, append(opts, backend.OnGoroutines(on))...)
	}
	meant := on
	if meant.Func == in {
		meant.Func = "" // whoever calls it is in it
	}
	local, err := j.session.WatchLocal(ctx, in, a.expr, a.access, append(opts, backend.OnGoroutines(meant))...)
	if !errors.Is(err, backend.ErrNotLocal) {
		return local, err
	}
	w, err1 := j.session.Watch(ctx, a.expr, a.access, append(opts, backend.OnGoroutines(on))...)
	if err1 != nil {
		return nil, err
	}
	return w, nil
}

// watchName is what a hit's watchpoint is called.
func watchName(w *backend.Watchpoint) string {
	call := w.Call()
	switch {
	case call == nil:
		return w.Expr()
	case call.Depth > 1:
		return fmt.Sprintf("%s (call %d, depth %d)", w.Expr(), call.Number, call.Depth)
	}
	return fmt.Sprintf("%s (call %d)", w.Expr(), call.Number)
}

// Below a table with others' accesses, once.
const othersText = "OTHERS counts the accesses by goroutines that --goroutine does not name: they were let pass, and are no hits."
