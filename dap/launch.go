package dap

import (
	"context"
	"errors"
	"strings"

	"debug/buildinfo"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// unbounded is for what must be done even though the client has gone, over for what must
// not take time.
var (
	unbounded = context.Background()
	over      = func() context.Context {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		return ctx
	}()
)

func onLaunch(s *session, r *request) (any, error) {
	if s.busy() {
		return nil, fail(idLaunch, "Failed to launch", errInProgress)
	}
	c, err := readLaunch(r.args)
	if err != nil {
		return nil, fail(idLaunch, "Failed to launch", err)
	}
	s.startUp(r, func(ctx context.Context) (*target, error) {
		exe, err := s.executable(ctx, c)
		if err != nil {
			return nil, err
		}
		return s.start(ctx, c, exe)
	}, s.launched)
	return nil, errLater
}

// errInProgress is the answer to a second launch or attach.
var errInProgress = errors.New("debug session already in progress: it has to be disconnected first")

// launched tells the client how a launch has ended.
func (s *session) launched(r *request, t *target, err error) {
	if err != nil {
		s.answer(r, nil, launchFailure("Failed to launch", r, err))
		return
	}
	s.target = t
	if t.plain != nil {
		s.state = stateNoDebug
		s.answer(r, nil, nil)
		s.watchPlain(t)
		return
	}
	s.state = stateStopped
	s.introduce(t)
	s.wire.event("initialized", nil)
	s.answer(r, nil, nil)
	s.warn(t)
}

// launchFailure is the response to a launch that fails.
func launchFailure(summary string, r *request, err error) error {
	switch {
	case r.ctx.Err() != nil:
		return errCancelled
	case errors.Is(err, errBuild): // the console has it all
		return failSilently(idLaunch, summary, err)
	}
	if c, bad := readLaunch(r.args); bad == nil {
		summary += c.what()
	}
	return fail(idLaunch, summary, err)
}

// start starts an executable.
func (s *session) start(ctx context.Context, c *launchConfig, exe *executable) (_ *target, err error) {
	t := &target{settings: c.settings, launched: true, cfg: c, exe: exe}
	defer func() {
		if err != nil {
			t.tidy()
		}
	}()
	if c.Mode == "core" {
		if err := s.openCore(ctx, t); err != nil {
			return nil, err
		}
		return t, nil
	}
	dir, err := c.path(c.Cwd)
	if err != nil {
		return nil, err
	}
	switch {
	case dir != "":
	case c.Mode == "test":
		dir = exe.dir
	default:
		if dir, err = c.base(); err != nil {
			return nil, err
		}
	}
	if t.streams, err = s.openStreams(c); err != nil {
		return nil, err
	}
	if c.NoDebug {
		t.plain, err = startPlain(exe, c, dir, t.streams)
	} else {
		o := s.cfg.Options
		o.CatchPanics = true // until the client says which
		t.Session, err = backend.Launch(ctx, backend.LaunchConfig{
			Path: exe.path, Args: c.Args, Dir: dir, Env: c.environ(),
			Stdin: t.streams.in, Stdout: t.streams.out, Stderr: t.streams.err,
			NewProcessGroup: true, Foreground: true, Options: o,
		})
	}
	if err != nil {
		return nil, err
	}
	t.streams.started()
	t.streams.forward(s.output)
	s.follow(ctx, t)
	return t, nil
}

func (s *session) openCore(ctx context.Context, t *target) (err error) {
	core, err := t.cfg.path(t.cfg.CoreFilePath)
	if err != nil {
		return err
	}
	t.core = true
	t.Session, err = backend.OpenCore(ctx, t.exe.path, core, s.cfg.Options)
	return err
}

// introduce tells the client which process it is.
func (s *session) introduce(t *target) {
	body := dap.ProcessEventBody{Name: t.exe.path, SystemProcessId: t.pid(), IsLocalProcess: true, StartMethod: "launch", PointerSize: 64}
	if len(t.cfg.Args) > 0 {
		body.Name += " " + strings.Join(t.cfg.Args, " ")
	}
	s.wire.event("process", body)
}

// warn tells of what will be a surprise.
func (s *session) warn(t *target) {
	info, err := buildinfo.ReadFile(t.Session.Path())
	if err != nil {
		return
	}
	for _, setting := range info.Settings {
		if setting.Key == "-trimpath" && setting.Value == "true" && len(t.SubstitutePath) == 0 {
			s.output("important", "Warning: debugging executable built with trimpath\n")
		}
	}
}

// watchPlain tells the client when a program that is not debugged ends.
func (s *session) watchPlain(t *target) {
	go func() {
		<-t.plain.done
		t.streams.drain()
		s.post(func() {
			if t.dropped {
				return
			}
			s.state = stateOver
			s.output("console", exited(t.pid(), t.plain.status()))
			s.tellExit(t, t.plain.status())
		})
	}()
}
