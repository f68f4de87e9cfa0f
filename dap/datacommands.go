package dap

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// watchUsage is what help says of watch.
const watchUsage = `watch [-w|-r|-rw] [-mode exact|pinned|sampled] [-bytes N] [-follow] [-raw] [-hit N] [-log "TEXT"] [-goroutine id=N|func=FUNCTION|label=KEY=VALUE] [-quiet] EXPR|ADDRESS [if COND]`

// commandWatch sets a data breakpoint from the console. Those of requests leave it alone.
func (s *session) commandWatch(r *request, at backend.Scope, line string) (string, error) {
	p := &dataPoint{}
	w, err := parseWatch(line)
	if err != nil {
		return "", err
	}
	w.on.PID = s.target.PID()
	can, err := s.fill(r.ctx, &w.on, at)
	if err != nil {
		return "", err
	}
	p.id = s.stops.newID()
	if s.changeData(r.ctx, p, *w); p.err != nil {
		return "", p.err
	}
	s.stops.watched = append(s.stops.watched, p)
	s.refreshData(true) // the new one's message too
	until := ""
	if can.Local {
		until = ", until its function returns"
	}
	return fmt.Sprintf("watchpoint %d on %s%s: %s", p.id, p.on.name(), until, p.said), nil
}

// parseWatch reads what stands behind watch. Options come first: expressions can have
// anything in them.
func parseWatch(line string) (*dataWish, error) {
	w := &dataWish{access: backend.Write}
	rest := strings.TrimSpace(line)
	for strings.HasPrefix(rest, "-") {
		var flag, value string
		flag, rest = cutWord(rest)
		if long, ok := strings.CutPrefix(flag, "--"); ok {
			flag = "-" + long
		}
		switch flag {
		case "-mode", "-bytes", "-hit", "-log", "-goroutine":
			if value, rest = cutWord(rest); value == "" {
				return nil, fmt.Errorf("%s lacks its value: %s", flag, watchUsage)
			}
		}
		var err error
		switch flag {
		case "-w", "-r", "-rw":
			w.access, err = accessOf(map[string]dap.DataBreakpointAccessType{"-w": "write", "-r": "read", "-rw": "readWrite"}[flag])
		case "-mode":
			w.on.Mode = backend.Mode(value)
			err = checkMode(w.on.Mode)
		case "-bytes":
			if w.on.Bytes, err = strconv.Atoi(value); err != nil || w.on.Bytes < 1 {
				err = fmt.Errorf("%q is not a number of bytes", value)
			}
		case "-hit":
			w.hit = value
		case "-log":
			w.log = value
		case "-goroutine":
			w.who, err = backend.ParseSelector(value)
		case "-quiet":
			w.quiet = true
		case "-follow":
			w.on.Follow = true
		case "-raw":
			w.raw = true
		default:
			err = fmt.Errorf("watch has no option %s: %s", flag, watchUsage)
		}
		if err != nil {
			return nil, err
		}
	}
	expr, cond, _ := strings.Cut(rest, " if ")
	w.on.Expr, w.cond = strings.TrimSpace(expr), strings.TrimSpace(cond)
	if w.on.Expr == "" {
		return nil, errors.New("nothing to watch: " + watchUsage)
	}
	if addr, err := strconv.ParseUint(w.on.Expr, 0, 64); err == nil {
		if w.on.Expr, w.on.Addr = "", addr; w.on.Bytes == 0 {
			w.on.Bytes = wordSize
		}
	}
	return w, nil
}

// cutWord cuts off the first word, or what stands in double quotes, with Go's escapes.
func cutWord(line string) (word, rest string) {
	if quoted, err := strconv.QuotedPrefix(line); err == nil {
		word, _ = strconv.Unquote(quoted)
		return word, strings.TrimSpace(line[len(quoted):])
	}
	if i := strings.IndexAny(line, " \t"); i >= 0 {
		return line[:i], strings.TrimSpace(line[i:])
	}
	return line, ""
}

// commandWatches lists the data breakpoints.
func (s *session) commandWatches(r *request, at backend.Scope, line string) (string, error) {
	if len(s.stops.allData()) == 0 {
		return "no data breakpoints", nil
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tON\tACCESS\tHITS\tSTATE")
	for _, p := range s.stops.allData() {
		hits, state := "-", ""
		if p.trace != nil {
			hits, state = strconv.FormatUint(p.trace.Stats().Records, 10), s.traceText(p)
		} else if p.set != nil {
			st := p.set.Stats()
			hits, state = strconv.FormatUint(st.Hits, 10), p.coverage(&st)
		} else if p.err != nil {
			state = p.err.Error()
		}
		if p.cond != "" {
			state += "; if " + p.cond
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", p.id, p.on.name(), accessName(p.access), hits, state)
	}
	_ = w.Flush() // into a strings.Builder, which takes all
	return strings.TrimRight(b.String(), "\n"), nil
}

// commandUnwatch removes data breakpoints: by number, by expression, or with -all.
func (s *session) commandUnwatch(r *request, at backend.Scope, line string) (string, error) {
	line = strings.TrimSpace(line)
	var list []*dataPoint
	if id, err := strconv.Atoi(line); err == nil || line == "-all" {
		for _, p := range s.stops.allData() {
			if p.id == id || line == "-all" {
				list = append(list, p)
			}
		}
	} else {
		list = s.watching(r, at, line)
	}
	var gone []string
	for _, p := range list {
		s.clearData(p)
		if slices.Contains(s.stops.data, p) { // the client has it in its list
			s.breakpointEvent("removed", dap.Breakpoint{Id: p.id})
		}
		s.stops.forget(p)
		gone = append(gone, fmt.Sprintf("watchpoint %d on %s removed", p.id, p.on.name()))
	}
	if len(gone) == 0 {
		return "", fmt.Errorf("no data breakpoint %q: watches lists those that are set", line)
	}
	s.relax(r.ctx)
	s.refreshData(true)
	return strings.Join(gone, "\n"), nil
}

// commandWho tells who accessed something last.
func (s *session) commandWho(r *request, at backend.Scope, line string) (string, error) {
	line = strings.TrimSpace(line)
	if line == "" {
		return "", errors.New("who: of what? who EXPR")
	}
	list := s.watching(r, at, line)
	if len(list) == 0 {
		return "", fmt.Errorf("%s is not watched, and who wrote it before is not known: watch it (watch -quiet %s does so without stopping)", line, line)
	}
	var texts []string
	for _, p := range list {
		if p.trace != nil {
			texts = append(texts, s.lastTraced(p))
			continue
		}
		if p.set == nil {
			texts = append(texts, fmt.Sprintf("%s: %v", p.on.name(), p.err))
			continue
		}
		st := p.set.Stats()
		text := p.on.name() + ": no access since it is watched"
		if note := p.last.Load(); note != nil {
			text = fmt.Sprintf("%s (hit %d of %d)", note.text, note.number, st.Hits)
		} else if st.Hits > 0 {
			text = fmt.Sprintf("%s: %s, none of them reported", p.on.name(), counted(st.Hits, "access", "accesses"))
		}
		texts = append(texts, text+"; "+coverageText(&st))
	}
	return strings.Join(texts, "\n"), nil
}

// watching are the data breakpoints that are on an expression, or on part of what it
// denotes, by whatever name.
func (s *session) watching(r *request, at backend.Scope, expr string) (list []*dataPoint) {
	v, err := s.target.Evaluate(r.ctx, at, expr, backend.Load{NoFollow: true})
	for _, p := range s.stops.allData() {
		same := p.on.name() == expr || p.on.Expr == expr
		if from, size := p.at(); size > 0 && err == nil && v.Addr != 0 {
			end := from + uint64(size)
			same = v.Addr < end && from < v.Addr+uint64(max(v.Size, 1))
		}
		if same {
			list = append(list, p)
		}
	}
	return list
}
