package dap

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/backend"
)

// manyGoroutines is from how many on the user is told how to see fewer.
const manyGoroutines = 1024

// What stands for the threads while there are no goroutines to list, as with Delve: the
// protocol wants one.
var (
	dummyThread   = dap.Thread{Id: 1, Name: "Dummy"}
	currentThread = dap.Thread{Id: -1, Name: "Current"}
)

// threadsBody is the response, with how many threads there are beyond the page that was
// asked for.
type threadsBody struct {
	dap.ThreadsResponseBody
	Total int `json:"totalThreads,omitempty"`
}

// onThreads lists the goroutines, or a page of them. It never fails, as the protocol has it.
func onThreads(s *session, r *request, args *threadsArguments) (any, error) {
	switch s.state {
	case stateRunning:
		return threadsOf(0, currentThread), nil
	case stateOver:
		return threadsOf(0, dummyThread), nil
	}
	list, total, err := s.goroutines(r, backend.GoroutineQuery{
		Start: max(args.Start, 0), Count: max(args.Count, 0), Filter: s.target.GoroutineFilters, Brief: true,
	})
	if r.ctx.Err() != nil {
		return nil, errCancelled
	}
	if err != nil {
		s.output("stderr", fmt.Sprintf("Unable to retrieve goroutines: %v\n", err))
	}
	if len(list) == 0 {
		return threadsOf(total, dummyThread), nil
	}
	if total > manyGoroutines && !s.saidMany {
		s.saidMany = true
		s.output("console", fmt.Sprintf("There are %d goroutines: those that stopped or run come first. "+
			"hideSystemGoroutines, goroutineFilters and 'argus goroutines' show fewer.\n", total))
	}
	threads := make([]dap.Thread, len(list))
	for i := range list {
		threads[i] = dap.Thread{Id: int(list[i].ID), Name: threadName(&list[i], s.target.ShowPprofLabels)}
	}
	return threadsOf(total, threads...), nil
}

func threadsOf(total int, threads ...dap.Thread) *threadsBody {
	return &threadsBody{ThreadsResponseBody: dap.ThreadsResponseBody{Threads: threads}, Total: total}
}

// goroutines lists goroutines as the user wants them. A filter that cannot be understood
// is complained of and left out.
func (s *session) goroutines(r *request, q backend.GoroutineQuery) ([]backend.GoroutineInfo, int, error) {
	q.HideSystem = q.HideSystem || s.target.HideSystemGoroutines
	q.Labels = len(s.target.ShowPprofLabels) > 0
	list, total, err := s.target.GoroutinePage(r.ctx, q)
	if err != nil && q.Filter != "" && r.ctx.Err() == nil {
		s.output("console", err.Error()+"\n")
		q.Filter = ""
		list, total, err = s.target.GoroutinePage(r.ctx, q)
	}
	return list, total, err
}

// threadName is the name of a goroutine: "* [Go 1 label] main.main (Thread 123)", the star
// being for the selected one.
func threadName(g *backend.GoroutineInfo, labels []string) string {
	name := make([]byte, 0, 64) // put together by hand: there are thousands of them
	if g.Selected {
		name = append(name, "* "...)
	}
	if g.Unreadable != nil {
		return fmt.Sprintf("%s Unreadable goroutine: %v", name, g.Unreadable)
	}
	name = strconv.AppendInt(append(name, "[Go "...), g.ID, 10)
	name = append(append(name, labelsOf(g.Labels, labels)...), "] "...)
	name = append(name, cmp.Or(shortName(g.Place.Function), "???")...)
	if g.Thread != 0 {
		name = append(strconv.AppendInt(append(name, " (Thread "...), int64(g.Thread), 10), ')')
	}
	return string(name)
}

// labelsOf is those of a goroutine's pprof labels that the user wants to see: of one key
// the value, of several with their keys, and all for "*".
func labelsOf(labels map[string]string, keys []string) string {
	if len(labels) == 0 {
		return ""
	}
	if len(keys) == 1 && keys[0] != "*" {
		if value := labels[keys[0]]; value != "" {
			return " " + value
		}
		return ""
	}
	if len(keys) == 1 {
		keys = slices.Sorted(maps.Keys(labels))
	}
	var b strings.Builder
	for _, key := range keys {
		if value := labels[key]; value != "" {
			fmt.Fprintf(&b, " %s:%s", key, value)
		}
	}
	return b.String()
}

// shortName is the name of a function without the directories of its package:
// "b.(*T).M" of "example.org/a/b.(*T).M".
func shortName(function string) string {
	path := function
	if i := strings.IndexAny(path, "(["); i >= 0 { // receivers and type arguments have paths of their own
		path = path[:i]
	}
	return function[strings.LastIndexByte(path, '/')+1:]
}
