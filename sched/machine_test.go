package sched

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// machine does random things to a scheduler and to the model, and compares.
type machine struct {
	model
	s    *Scheduler
	fifo bool // the model knows what the policy will do
	told map[string]State
	hits map[*Event]uint64
}

// stubborn is a policy that would starve everybody but the first.
type stubborn struct{}

func (stubborn) Less(a, b *Seat) bool           { return a.group.seq < b.group.seq }
func (stubborn) Ran(*Seat, Time)                {}
func (stubborn) Returned(*Seat, bool, Time)     {}
func (m *machine) key(l *Lane, g *Group) string { return fmt.Sprintf("%p %s", l, g.name) }

// Changed makes the machine the observer: each change is told once.
func (m *machine) Changed(l *Lane, g *Group, st State, why error) {
	k := m.key(l, g)
	var short *ShortError
	switch {
	case st == Failed && m.told[k] == Failed, st != Failed && m.told[k] != Failed:
		m.fault("%s is told to be %v twice", g.name, st)
	case (st == Failed) != errors.As(why, &short):
		m.fault("%s is %v because of %v", g.name, st, why)
	case st == Failed && short.Slots >= m.pmu(short.PMU).slots:
		m.fault("%s failed, and the reason is %v", g.name, why)
	}
	m.told[k] = st
}

func (m *model) pmu(name string) *fake {
	return m.pmus[slices.IndexFunc(m.pmus, func(p *fake) bool { return p.name == name })]
}

func newMachine(t *rapid.T) *machine {
	policies := []Policy{nil, Weighted{}, Adaptive{}, stubborn{}}
	policy := rapid.SampledFrom(policies).Draw(t, "policy")
	m := &machine{fifo: policy == nil, told: map[string]State{}, hits: map[*Event]uint64{}}
	m.pmus = []*fake{newFake("data", rapid.IntRange(1, 4).Draw(t, "slots")), newFake("code", 2), newFake("pages", Unlimited)}
	m.times = map[*Event]*Times{}
	m.s = New(Config{Policy: policy, Prover: m, Observer: m})
	m.tasks = []*Task{m.s.Process()}
	return m
}

func (m *machine) lane(t *rapid.T) *mLane {
	if len(m.lanes) == 0 {
		t.Skip("no lane")
	}
	return m.lanes[rapid.IntRange(0, len(m.lanes)-1).Draw(t, "lane")]
}

func (m *machine) task(t *rapid.T, k Kind) *Task {
	of := slices.DeleteFunc(slices.Clone(m.tasks), func(x *Task) bool { return x.kind != k })
	if len(of) == 0 {
		t.Skip("no such task")
	}
	return of[rapid.IntRange(0, len(of)-1).Draw(t, "task")]
}

func later(t *rapid.T, ml *mLane) Time {
	return ml.now + Time(rapid.IntRange(-1, 9).Draw(t, "later"))
}

func (m *machine) NewTask(t *rapid.T) {
	if len(m.tasks) > 6 {
		t.Skip()
	}
	k := rapid.SampledFrom([]Kind{Thread, Goroutine}).Draw(t, "kind")
	m.tasks = append(m.tasks, m.s.NewTask(k, fmt.Sprint(k, len(m.tasks))))
}

func (m *machine) NewLane(t *rapid.T) {
	if len(m.lanes) > 2 {
		t.Skip()
	}
	var thread *Task
	if len(m.lanes) > 0 && rapid.Bool().Draw(t, "thread") {
		thread = m.task(t, Thread)
	}
	now := Time(rapid.IntRange(0, 100).Draw(t, "now"))
	l := m.s.NewLane(thread, nil, now)
	ml := &mLane{l: l, now: now, turned: now, thread: thread, slots: map[*fake]int{}, seats: map[*mGroup]*mSeat{}}
	for _, p := range m.pmus {
		ml.slots[p] = p.slots
	}
	m.lanes = append(m.lanes, ml)
	for _, g := range m.here(ml) {
		ml.seats[g] = &mSeat{since: m.next()}
	}
}

func (m *machine) CloseLane(t *rapid.T) {
	ml := m.lane(t)
	now := later(t, ml)
	m.advance(ml, now)
	ml.l.Close(now)
	for _, g := range m.here(ml) {
		m.settled(ml, g)
	}
	m.lanes = slices.DeleteFunc(m.lanes, func(o *mLane) bool { return o == ml })
	if err := ml.l.Update(now); !errors.Is(err, ErrClosed) {
		t.Fatalf("a closed lane: %v", err)
	}
}

func (m *machine) NewGroup(t *rapid.T) {
	if len(m.groups) > 14 {
		t.Skip()
	}
	task := m.task(t, rapid.SampledFrom([]Kind{Process, Process, Thread, Goroutine}).Draw(t, "kind"))
	c := GroupConfig{
		Name:   fmt.Sprintf("g%d", m.s.seq),
		Pinned: rapid.IntRange(0, 3).Draw(t, "pinned") == 0,
		Weight: rapid.IntRange(0, 4).Draw(t, "weight"),
	}
	mg := &mGroup{task: task, pinned: c.Pinned, need: map[*fake]int{}}
	for i := range rapid.IntRange(1, 3).Draw(t, "events") {
		p := m.pmus[rapid.IntRange(0, 2).Draw(t, "pmu")]
		e := &Event{Name: fmt.Sprintf("%s.%d", c.Name, i), PMU: p, Need: rapid.IntRange(1, 2).Draw(t, "need")}
		mg.need[p] += e.Need
		c.Events = append(c.Events, e)
	}
	with := append(slices.Clone(m.groups), mg)
	possible := true
	for _, p := range m.pmus {
		possible = possible && m.possible(with, p)
	}
	g, err := m.s.NewGroup(task, c)
	if (err == nil) != possible {
		t.Fatalf("possible: %v, but: %v", possible, err)
	}
	if err != nil {
		m.checkRefusal(t, mg, err)
		return
	}
	mg.g = g
	m.groups = with
	for _, e := range c.Events {
		m.times[e] = &Times{}
	}
	if task.kind == Goroutine {
		mg.moving = &mSeat{since: m.next()}
		return
	}
	for _, ml := range m.lanes {
		if task.kind == Process || task == ml.thread {
			ml.seats[mg] = &mSeat{since: m.next()}
		}
	}
}

// checkRefusal: the error says what would be possible, and who has the rest.
func (m *machine) checkRefusal(t *rapid.T, mg *mGroup, err error) {
	var a *AdmissionError
	if !errors.As(err, &a) {
		t.Fatal(err)
	}
	p := m.pmu(a.PMU)
	most := 0
	for n := 1; n <= p.slots; n++ {
		if m.possible(append(slices.Clone(m.groups), &mGroup{task: mg.task, pinned: mg.pinned, need: map[*fake]int{p: n}}), p) {
			most = n
		}
	}
	held := 0
	for _, g := range a.InTheWay {
		i := slices.IndexFunc(m.groups, func(o *mGroup) bool { return o.g == g })
		held += m.groups[i].need[p]
	}
	if a.Want != mg.need[p] || a.Slots != p.slots || a.Most != most || a.Want <= a.Most || held != a.Slots-a.Most || !slices.Equal(names(a.InTheWay), a.Holders) {
		t.Fatalf("%+v: most is %d, the holders hold %d", a, most, held)
	}
}

func (m *machine) RemoveGroup(t *rapid.T) {
	if len(m.groups) == 0 {
		t.Skip()
	}
	m.remove(m.groups[rapid.IntRange(0, len(m.groups)-1).Draw(t, "group")], func(g *Group) { g.Remove(); g.Remove() })
}

func (m *machine) remove(g *mGroup, how func(*Group)) {
	how(g.g)
	for _, ml := range m.lanes {
		if slices.Contains(m.here(ml), g) {
			m.settled(ml, g)
		}
		if ml.l.State(g.g) != Off {
			m.fault("%s is removed and %v", g.g.name, ml.l.State(g.g))
		}
	}
	m.groups = slices.DeleteFunc(m.groups, func(o *mGroup) bool { return o == g })
}

func (m *machine) CloseTask(t *rapid.T) {
	task := m.task(t, rapid.SampledFrom([]Kind{Thread, Goroutine}).Draw(t, "kind"))
	task.Close()
	for _, g := range slices.Clone(m.groups) {
		if g.task == task {
			m.remove(g, func(*Group) {})
		}
	}
	for _, ml := range m.lanes {
		if ml.gor == task {
			ml.gor = nil
		}
	}
	m.tasks = slices.DeleteFunc(m.tasks, func(o *Task) bool { return o == task })
	if len(task.Groups()) != 0 {
		t.Fatal("a closed task has groups")
	}
}

func (m *machine) Advance(t *rapid.T) {
	ml := m.lane(t)
	now := later(t, ml)
	m.advance(ml, now)
	ml.l.Advance(now)
}

func (m *machine) Settle(t *rapid.T) {
	ml := m.lane(t)
	now := later(t, ml)
	m.advance(ml, now)
	ml.l.Settle(now)
	for _, g := range m.here(ml) {
		if s := m.seat(ml, g); s.off != 0 {
			t.Fatalf("%s is not settled: %d", g.g.name, s.off)
		}
	}
}

func (m *machine) Update(t *rapid.T) {
	ml := m.lane(t)
	now := later(t, ml)
	m.advance(ml, now)
	m.programmed(t, ml, false, func() error { return ml.l.Update(now) })
}

func (m *machine) Turn(t *rapid.T) {
	ml := m.lane(t)
	for range rapid.IntRange(1, 8).Draw(t, "turns") {
		now := later(t, ml)
		m.advance(ml, now)
		turn := ml.now > ml.turned && m.over(ml)
		if turn {
			ml.turned = ml.now
			m.requeue(ml)
		}
		if err := m.programmed(t, ml, turn, func() error { return ml.l.Turn(now) }); turn && err == nil {
			m.countTurn(ml)
		}
	}
}

func (m *machine) Switch(t *rapid.T) {
	ml := m.lane(t)
	var g *Task
	if rapid.IntRange(0, 3).Draw(t, "none") > 0 {
		g = m.task(t, Goroutine)
	}
	now := later(t, ml)
	m.advance(ml, now)
	m.programmed(t, ml, false, func() error {
		// The model moves in the middle, when the scheduler has judged what left.
		if g != ml.gor {
			var from *mLane
			for _, o := range m.lanes {
				if g != nil && o.gor == g {
					from = o
				}
			}
			err := ml.l.Switch(g, now)
			m.leave(ml)
			if from != nil {
				m.leave(from)
			}
			if g != nil {
				m.come(ml, g)
			}
			return err
		}
		return ml.l.Switch(g, now)
	})
	if ml.l.Goroutine() != g {
		t.Fatal("another goroutine has the lane")
	}
}

func (m *machine) SetSlots(t *rapid.T) {
	ml, p := m.lane(t), m.pmus[rapid.IntRange(0, 2).Draw(t, "pmu")]
	n := rapid.IntRange(-1, 5).Draw(t, "n")
	ml.l.SetSlots(p, n)
	ml.slots[p] = min(max(n, 0), p.slots)
}

// Steal: a foreign user takes slots, or gives them back, and tells nobody.
func (m *machine) Steal(t *rapid.T) {
	ml, p := m.lane(t), m.pmus[rapid.IntRange(0, 1).Draw(t, "pmu")]
	fl := p.lane(ml.l)
	fl.stolen = rapid.IntRange(0, p.slots).Draw(t, "stolen")
	fl.early = rapid.Bool().Draw(t, "early")
}

func (m *machine) FailCommit(t *rapid.T) {
	m.pmus[rapid.IntRange(0, 2).Draw(t, "pmu")].lane(m.lane(t).l).fail = errFake
}

func (m *machine) Hit(t *rapid.T) {
	if len(m.groups) == 0 {
		t.Skip()
	}
	g := m.groups[rapid.IntRange(0, len(m.groups)-1).Draw(t, "group")]
	e := rapid.SampledFrom(g.g.events).Draw(t, "event")
	e.Hit(m.lane(t).l)
	m.times[e].Hits++
}

// TestMachine is the one test that all others here could be left out for.
func TestMachine(t *testing.T) {
	for range 5 {
		rapid.Check(t, func(t *rapid.T) {
			m := newMachine(t)
			m.NewLane(t)
			for range 3 {
				t.Repeat(m.actions())
			}
		})
	}
}

// actions are what a machine may do; more of what it should do more often.
func (m *machine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"newTask": m.NewTask, "newLane": m.NewLane, "closeLane": m.CloseLane,
		"newGroup": m.NewGroup, "newGroup2": m.NewGroup, "newGroup3": m.NewGroup, "removeGroup": m.RemoveGroup, "closeTask": m.CloseTask,
		"advance": m.Advance, "settle": m.Settle, "update": m.Update,
		"turn": m.Turn, "turn2": m.Turn, "turn3": m.Turn, "switch": m.Switch, "switch2": m.Switch,
		"setSlots": m.SetSlots, "steal": m.Steal, "failCommit": m.FailCommit, "hit": m.Hit,
		"": m.Check,
	}
}
