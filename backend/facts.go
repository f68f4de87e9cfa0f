package backend

import (
	"context"
	"fmt"
	"go/constant"
	"reflect"
	"strconv"
	"strings"

	"github.com/argusdbg/argus/internal/vars"
)

// Facts returns what is to be known of a variable besides its children: of a map its
// length, of bytes and runes the text.
func (s *Session) Facts(ctx context.Context, v *Variable, l Load) ([]*Variable, error) {
	if v.Facts == 0 {
		return nil, nil
	}
	var list []*Variable
	err := s.inView(ctx, v, l, func(w *view) error {
		for _, f := range w.factsOf(v) {
			fact, err := f(w, v)
			if err != nil {
				return err
			}
			list = append(list, fact)
		}
		return nil
	})
	return list, err
}

type fact func(*view, *Variable) (*Variable, error)

// factsOf lists what there is to be known.
func (w *view) factsOf(v *Variable) []fact {
	if v.node.Unreadable != nil || v.node.Len == 0 {
		return nil
	}
	bytes, runes := vars.Text(v.node)
	switch {
	case v.node.Kind == reflect.Map:
		return []fact{lengthOf}
	case bytes, runes:
		return []fact{textOf}
	}
	return nil
}

func lengthOf(_ *view, v *Variable) (*Variable, error) {
	text := strconv.FormatInt(v.node.Len, 10)
	f := &Variable{Name: "len()", Type: "int", Kind: reflect.Int, Value: text, Plain: text}
	if v.base != "" {
		f.Expr = "len(" + v.base + ")"
	}
	return f, nil
}

// textOf reads bytes or runes as a string.
func textOf(w *view, v *Variable) (*Variable, error) {
	cfg := w.load.config()
	cfg.MaxArrayValues = cfg.MaxStringLen
	list, err := v.node.LoadResliced(0, cfg)
	if err != nil {
		return nil, err
	}
	bytes, _ := vars.Text(v.node)
	var b strings.Builder
	for i := range list.Children {
		c := &list.Children[i]
		if c.Unreadable != nil || c.Value == nil {
			return nil, fmt.Errorf("element %d: %w", i, c.Unreadable)
		}
		n, _ := constant.Int64Val(c.Value)
		if bytes {
			b.WriteByte(byte(n))
		} else {
			b.WriteRune(rune(n))
		}
	}
	if more := v.node.Len - int64(len(list.Children)); more > 0 {
		fmt.Fprintf(&b, "...+%d more", more)
	}
	text := b.String()
	if !w.load.Raw {
		text = strconv.Quote(text)
	}
	return &Variable{Name: "string()", Type: "string", Kind: reflect.String, Value: text, Plain: text, Len: v.node.Len}, nil
}
