package cond

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/testkit"
)

// liar is Delve, but for its answers.
type liar struct {
	*stopped
	answers []bool // one after the other; then the truth
	asked   int
	err     error
}

func (l *liar) Evaluate(expr string) (bool, error) {
	l.asked++
	if l.err != nil {
		return false, l.err
	}
	if len(l.answers) > 0 {
		a := l.answers[0]
		l.answers = l.answers[1:]
		return a, nil
	}
	return l.stopped.Evaluate(expr)
}

func (l *liar) Scope() (*proc.EvalScope, error) {
	if l.err != nil {
		return nil, l.err
	}
	return l.stopped.Scope()
}

func TestCondition(t *testing.T) {
	s := stopAt(t, testkit.Debug, "values", "values")
	pc := s.scope.PC
	t.Run("compiled", func(t *testing.T) {
		c, d := New("main.global == 42", nil), &liar{stopped: s}
		if _, decided := c.Fast(pc, &s.in); decided {
			t.Error("it is decided before it is compiled")
		}
		for range 10 {
			if ok, err := c.Eval(pc, &s.in, d); err != nil || !ok {
				t.Fatal(ok, err)
			}
		}
		if d.asked > 2 {
			t.Errorf("Delve was asked %d times", d.asked)
		}
		list := c.Places()
		if len(list) != 1 || list[0].PC != pc || !list[0].Compiled() || list[0].Times != 10 {
			t.Errorf("%+v", list)
		}
		if ok, decided := c.Fast(pc, &s.in); !ok || !decided {
			t.Error("it is not decided")
		}
		if _, decided := c.Fast(pc+1, &s.in); decided {
			t.Error("it is decided for another place")
		}
		if c.Forget(); len(c.Places()) != 0 {
			t.Error("it does not forget")
		}
	})
	t.Run("not compiled", func(t *testing.T) {
		c, d := New("len(byName) == 1", nil), &liar{stopped: s}
		for range 3 {
			if ok, err := c.Eval(pc, &s.in, d); err != nil || !ok {
				t.Fatal(ok, err)
			}
		}
		list := c.Places()
		if d.asked != 3 || len(list) != 1 || list[0].Compiled() || list[0].Asked != 3 || !strings.Contains(list[0].Why, "len(byName)") {
			t.Errorf("asked %d times, %+v", d.asked, list)
		}
	})
	t.Run("fault", func(t *testing.T) {
		c, d := New("nilPtr.X == 1", nil), &liar{stopped: s}
		for range 3 {
			if ok, err := c.Eval(pc, &s.in, d); err == nil || !strings.Contains(err.Error(), "nil") {
				t.Fatal(ok, err)
			}
		}
		if list := c.Places(); d.asked != 3 || !list[0].Compiled() || list[0].Asked != 3 {
			t.Errorf("asked %d times, %+v", d.asked, list)
		}
	})
	t.Run("disagreement", func(t *testing.T) {
		c, d := New("main.global == 42", nil), &liar{stopped: s, answers: []bool{false, false, false, false}}
		if ok, err := c.Eval(pc, &s.in, d); err != nil || ok {
			t.Fatal(ok, err)
		}
		if list := c.Places(); list[0].Compiled() || !strings.Contains(list[0].Why, "disagrees") {
			t.Errorf("%+v", list)
		}
	})
	t.Run("a race", func(t *testing.T) {
		c, d := New("main.global == 42", nil), &liar{stopped: s, answers: []bool{false}}
		if _, err := c.Eval(pc, &s.in, d); err != nil || !c.Places()[0].Compiled() {
			t.Errorf("%+v, %v", c.Places(), err)
		}
	})
	t.Run("no scope", func(t *testing.T) {
		c, d := New("main.global == 42", nil), &liar{stopped: s, err: errNoBool}
		if _, err := c.Eval(pc, &s.in, d); !errors.Is(err, errNoBool) || c.Places()[0].Compiled() {
			t.Errorf("%+v, %v", c.Places(), err)
		}
	})
	t.Run("old and new", func(t *testing.T) {
		v, err := s.scope.EvalExpression("main.global", fully)
		if err != nil {
			t.Fatal(err)
		}
		in := s.in
		in.Old, in.New = make([]byte, 8), []byte{1, 0, 0, 0, 0, 0, 0, 0}
		c, d := New("new > old", v.DwarfType), &liar{stopped: s}
		if ok, err := c.Eval(pc, &in, d); err != nil || !ok || d.asked != 0 {
			t.Errorf("%v, %v, asked %d times", ok, err, d.asked)
		}
		c = New("new > old && len(byName) == 1", v.DwarfType)
		if _, err := c.Eval(pc, &in, d); err == nil || !strings.Contains(err.Error(), "len(byName)") {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("many places", func(t *testing.T) {
		c, d := New("true", nil), &liar{stopped: s}
		for n := range uint64(maxPlaces) {
			c.places[pc+1+n] = &compiled{}
		}
		if _, err := c.Eval(pc, &s.in, d); err != nil {
			t.Fatal(err)
		}
		if n := len(c.Places()); n != 1 {
			t.Errorf("%d places are kept", n)
		}
	})
}
