package dap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// restartArguments are the launch request's anew, as far as the client has them, and
// whether the program is built again: it is unless they say no.
type restartArguments struct {
	Arguments json.RawMessage `json:"arguments"`
}

// onRestart starts the program once more. It is built first, and if that fails goes on as
// it was; then it is ended, and started with the breakpoints it had. The client is told by
// initialized, after which it may set breakpoints, and says configurationDone again.
func onRestart(s *session, r *request) (any, error) {
	t := s.target
	switch {
	case !t.launched:
		return nil, fail(idRestart, "Cannot restart", errors.New("the program was attached to, and not launched"))
	case t.core:
		return nil, fail(idRestart, "Cannot restart", errors.New("this is a core file"))
	case s.rebuilding:
		return nil, fail(idRestart, "Cannot restart", errors.New("it is being restarted"))
	}
	c, rebuild, err := t.cfg.restarted(r.args)
	if err != nil {
		return nil, fail(idRestart, "Failed to restart", err)
	}
	s.rebuilding = true
	s.work(func() (back, undo func()) {
		exe, err := t.exe, error(nil)
		if rebuild || exe == nil || !c.builds() {
			exe, err = s.executable(r.ctx, c)
		}
		made := exe != t.exe && exe != nil
		return func() { s.rebuilt(r, c, exe, err) }, func() {
			if made {
				exe.remove()
			}
		}
	})
	return nil, errLater
}

// restarted is what a restart request makes of the configuration.
func (c *launchConfig) restarted(raw json.RawMessage) (next *launchConfig, rebuild bool, err error) {
	var args restartArguments
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, false, fmt.Errorf("the arguments cannot be read: %w", err)
		}
	}
	also := struct {
		Request string `json:"request"`
		Rebuild *bool  `json:"rebuild"`
	}{}
	if len(args.Arguments) > 0 {
		if err := json.Unmarshal(args.Arguments, &also); err != nil {
			return nil, false, fmt.Errorf("the arguments cannot be read: %w", err)
		}
	}
	rebuild = also.Rebuild == nil || *also.Rebuild
	if also.Request != "launch" { // of an attach, or nothing
		return c, rebuild, nil
	}
	next, err = c.again(args.Arguments)
	return next, rebuild, err
}

// rebuilt goes on with a restart when the program is built.
func (s *session) rebuilt(r *request, c *launchConfig, exe *executable, err error) {
	s.rebuilding = false
	if err != nil {
		s.answer(r, nil, launchFailure("Failed to restart", r, err))
		return
	}
	before := s.target
	s.answer(r, nil, nil)
	s.state, before.dropped = stateStarting, true
	if err := before.release(true); err != nil {
		s.log.Warn("the program before could not be ended", "error", err)
	}
	if before.exe == exe {
		before.exe = nil
	}
	before.tidy()
	// The request is answered, and so cannot be cancelled any more: what is under way ends
	// with the conversation.
	again := &request{command: r.command, args: r.args, ctx: s.ctx, cancel: func(error) {}}
	s.startUp(again, func(ctx context.Context) (*target, error) { return s.start(ctx, c, exe) }, func(_ *request, t *target, err error) {
		s.restarted(before, t, err)
	})
}

// restarted tells the client how a restart has ended.
func (s *session) restarted(before, t *target, err error) {
	if err != nil {
		s.state = stateOver
		s.output("important", fmt.Sprintf("Failed to restart: %v\n", err))
		s.tellTerminated(before)
		return
	}
	s.target = t
	if t.plain != nil {
		s.state = stateNoDebug
		s.watchPlain(t)
		return
	}
	s.state = stateStopped
	s.handles.reset()
	s.introduce(t)
	s.restoreStops()
	s.wire.event("initialized", nil)
}
