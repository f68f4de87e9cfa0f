package glue

// Halt makes Delve's loop, if there is one, stop the program. It may be called at any
// time, from any goroutine; [Group.Begin] forgets it.
//
// TargetGroup.RequestManualStop reads what the loop writes between two calls of
// ContinueOnce, and is only safe within one.
func (g *Group) Halt() error {
	g.halting.Lock()
	defer g.halting.Unlock()
	if g.inLoop {
		return g.Targets.RequestManualStop()
	}
	g.halted = true
	return nil
}

// Begin is for whoever is about to let the program run: a stop that was asked for before
// is none of this run's.
func (g *Group) Begin() {
	g.halting.Lock()
	g.halted = false
	g.halting.Unlock()
}

// enter notes that Delve's loop calls ContinueOnce, or that it is about to have its way
// again.
func (g *Group) enter(in bool) {
	g.halting.Lock()
	defer g.halting.Unlock()
	g.inLoop = in
	if in && g.halted {
		g.halted = false
		_ = g.Targets.RequestManualStop() // fails if the program is ending, which ends the run
	}
}
