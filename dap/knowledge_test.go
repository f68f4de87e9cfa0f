package dap

import (
	"encoding/json"
)

// knowledge is what an editor has learned from responses and events: the numbers and
// references that its next requests can be about.
type knowledge struct {
	read    int // messages that were looked at
	numbers map[string][]int
	texts   map[string][]string
}

// learn looks through the messages that came since.
func (k *knowledge) learn(ed *editor) {
	if k.numbers == nil {
		k.numbers, k.texts = map[string][]int{}, map[string][]string{}
	}
	ed.mu.Lock()
	list := ed.inbox[k.read:]
	k.read = len(ed.inbox)
	ed.mu.Unlock()
	for _, m := range list {
		var body any
		if len(m.Body) > 0 && json.Unmarshal(m.Body, &body) == nil {
			k.walk(m.Command, body)
		}
	}
}

// kept is how much is remembered of each kind: the newest.
const kept = 8

func (k *knowledge) walk(command string, v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v[:min(len(v), kept)] {
			k.walk(command, e)
		}
	case map[string]any:
		for name, e := range v {
			switch e := e.(type) {
			case float64:
				switch {
				case name == "id" && command == "stackTrace":
					name = "frameId"
				case name == "id" && command == "threads":
					name = "threadId"
				case name == "id" && command == "stepInTargets":
					name = "targetId"
				}
				if e != 0 {
					k.numbers[name] = last(append(k.numbers[name], int(e)))
				}
			case string:
				if name == "instructionPointerReference" || name == "address" || name == "instructionReference" {
					name = "memoryReference"
				}
				if e != "" {
					k.texts[name] = last(append(k.texts[name], e))
				}
			default:
				k.walk(command, e)
			}
		}
	}
}

func last[T any](list []T) []T { return list[max(0, len(list)-kept):] }

// chooser makes choices of bytes, so that a fuzzer can vary them one by one. When they
// are used up it chooses the first.
type chooser struct{ bytes []byte }

func (c *chooser) more() bool { return len(c.bytes) > 0 }

func (c *chooser) upTo(n int) int {
	if len(c.bytes) == 0 || n <= 1 {
		return 0
	}
	b := c.bytes[0]
	c.bytes = c.bytes[1:]
	return int(b) % n
}

// rarely is true once in n times.
func (c *chooser) rarely(n int) bool { return c.upTo(n) == n-1 }

func pick[T any](c *chooser, list ...T) T { return list[c.upTo(len(list))] }

// number is one that was learned, or one that is wrong.
func (c *chooser) number(k *knowledge, name string) int {
	list := append(k.numbers[name], 1, 0, -1, 1<<40)
	return list[c.upTo(len(list))]
}

func (c *chooser) text(k *knowledge, name string, more ...string) string {
	list := append(append([]string{}, k.texts[name]...), more...)
	if len(list) == 0 {
		return ""
	}
	return list[c.upTo(len(list))]
}
