package object

import (
	"cmp"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// Env is what an object is made out with.
type Env interface {
	value.Env
	// TypeAt returns the type whose descriptor in the program (internal/abi.Type) is at
	// addr. It is asked for the types of the values that interfaces hold.
	TypeAt(addr uint64) (godwarf.Type, error)
}

// The limits that hold where [Options] name none.
const (
	DefaultMaxBytes  = 64 << 20
	DefaultMaxRanges = 1 << 16
)

// Options say how far an object goes.
type Options struct {
	// Follow is how many pointers are followed one behind another: 0 none, so that a
	// pointer is a word; 1 those in the variable; less than 0 all. Strings, slices,
	// maps, channels and what interfaces hold belong to an object without.
	Follow    int
	MaxBytes  int64 // how much memory it may be; 0: DefaultMaxBytes
	MaxRanges int   // in how many pieces; 0: DefaultMaxRanges
}

// Range is memory in which a write can change the object.
type Range struct {
	Addr uint64
	Size int64 // in bytes, above 0
	// Text is set for the bytes of a string: Go's own code never writes to those, only
	// unsafe code can, and they may lie in memory that nobody can write to.
	Text bool
}

// Object is a variable with everything that belongs to its value. It is for one
// goroutine at a time.
type Object struct {
	name  string
	entry *string // the key of the one entry of a map that it is; nil: it is the variable
	env   Env
	// entryName is how the entry was last named.
	entryName string
	opt       Options

	root   *block
	blocks map[key]*block
	index  index
	shapes map[godwarf.Type][]leaf
	maps   map[godwarf.Type]*mapLayout
	chans  map[godwarf.Type]*chanLayout
	types  map[uint64]*dynamic
	bytes  int64 // in all blocks
	seq    int
	marks  int

	armed   map[Range]int // how many blocks want each range
	touched map[Range]int // the same before what is being done now
	queue   []*block      // whose links are still to be followed
	late    []Range       // dirty, in what was in the middle of an operation
	raw     []patch       // what Raw has told and Changed has not
	stale   bool          // a block that had several links has lost one
	errs    []error
	full    *LimitError // nothing more is followed in this call
	begun   bool        // it has been resolved
	// unwritten: what is compared need not have been written.
	unwritten bool
	scratch   []byte
}

// Resolve makes out the object that is the variable of type t at addr. The name is what
// paths begin with: the expression that denotes the variable.
//
// The program must not run meanwhile. The error is a [*LimitError], [*LayoutError],
// [*ReadError], [*HeaderError] or [*BusyError], or that of [Env].
func Resolve(name string, t godwarf.Type, addr uint64, env Env, opt Options) (*Object, error) {
	return newObject(name, env, opt).begin(t, addr)
}

func (o *Object) begin(t godwarf.Type, addr uint64) (*Object, error) {
	root, err := o.block(key{someValues, addr, 1, t}, 0, o.name)
	if err != nil {
		return nil, err
	}
	o.root = root
	if err := o.settle(true); err != nil {
		return nil, err
	}
	o.sweep()
	o.begun = true
	o.net()
	return o, nil
}

func newObject(name string, env Env, opt Options) *Object {
	opt.MaxBytes = cmp.Or(opt.MaxBytes, DefaultMaxBytes)
	opt.MaxRanges = cmp.Or(opt.MaxRanges, DefaultMaxRanges)
	return &Object{
		name: name, env: env, opt: opt,
		blocks: map[key]*block{}, index: index{pages: map[uint64][]*block{}},
		shapes: map[godwarf.Type][]leaf{}, maps: map[godwarf.Type]*mapLayout{}, chans: map[godwarf.Type]*chanLayout{},
		types: map[uint64]*dynamic{}, armed: map[Range]int{}, touched: map[Range]int{},
	}
}

// MoveTo says that the variable is at another address: the runtime has moved the stack
// that it lies on. The update has no changes. If the variable cannot be made out there
// the object stays what it was.
func (o *Object) MoveTo(addr uint64) (Update, error) {
	there := newObject(o.name, o.env, o.opt)
	there.entry = o.entry
	if _, err := there.begin(o.root.typ, addr); err != nil {
		return Update{}, err
	}
	there.forget(o)
	there.touched = map[Range]int{}
	for r, n := range o.armed {
		there.touched[r] = n
	}
	for r := range there.armed {
		if _, was := o.armed[r]; !was {
			there.touched[r] = 0
		}
	}
	*o = *there
	var u Update
	u.Add, u.Remove = o.net()
	return u, nil
}

// Name is the name the object was given.
func (o *Object) Name() string { return o.name }

// Ranges returns what to watch, by address. Ranges may overlap where parts of the object
// share memory, but none is there twice.
func (o *Object) Ranges() []Range {
	r := make([]Range, 0, len(o.armed))
	for a := range o.armed {
		r = append(r, a)
	}
	slices.SortFunc(r, compareRanges)
	return r
}

func compareRanges(a, b Range) int {
	return cmp.Or(cmp.Compare(a.Addr, b.Addr), cmp.Compare(a.Size, b.Size), len2(a.Text)-len2(b.Text))
}

func len2(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Path names the part of the object at addr, "" if there is none.
func (o *Object) Path(addr uint64) string {
	for _, b := range o.index.overlapping(nil, addr, 1) {
		return o.pathIn(b, int64(addr-b.addr))
	}
	return ""
}

// Text is the value as it was when it was last looked at, of an entry of a map "" if it is
// not there.
func (o *Object) Text() string {
	if o.entry != nil {
		return o.entryText()
	}
	return o.text(o.root, 0, o.root.typ)
}

// net returns the ranges that have come and gone since it was called last.
func (o *Object) net() (add, remove []Range) {
	for r, before := range o.touched {
		switch now := o.armed[r]; {
		case before == 0 && now > 0:
			add = append(add, r)
		case before > 0 && now == 0:
			remove = append(remove, r)
		}
	}
	clear(o.touched)
	slices.SortFunc(add, compareRanges)
	slices.SortFunc(remove, compareRanges)
	return add, remove
}
