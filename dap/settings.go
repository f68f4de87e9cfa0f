package dap

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/argusdbg/argus/internal/gobuild"
)

// Defaults, and what they are when a client says 0 or less, as with Delve.
const (
	defaultStackTraceDepth = 50
	defaultMaxStringLen    = 512 // bytes
	defaultMaxArrayValues  = 64
)

// settings are the attributes that launch and attach have in common. Their names in the
// protocol are Delve's; the console's config command changes them while the program is
// debugged.
type settings struct {
	StopOnEntry          bool      `json:"stopOnEntry"`
	StackTraceDepth      int       `json:"stackTraceDepth"` // frames
	MaxStringLen         int       `json:"maxStringLen"`    // bytes
	MaxArrayValues       int       `json:"maxArrayValues"`  // of arrays, slices and maps
	ShowGlobalVariables  bool      `json:"showGlobalVariables"`
	ShowRegisters        bool      `json:"showRegisters"`
	ShowRawStrings       bool      `json:"showRawStrings"` // line ends and tabs as they are, not as \n and \t
	HideSystemGoroutines bool      `json:"hideSystemGoroutines"`
	GoroutineFilters     string    `json:"goroutineFilters"`
	ShowPprofLabels      []string  `json:"showPprofLabels"` // keys, or "*" alone
	SubstitutePath       pathRules `json:"substitutePath"`
	FollowExecs          bool      `json:"followExec"`
	FollowExecRegex      string    `json:"followExecRegex"`
}

func defaultSettings() settings {
	return settings{StackTraceDepth: defaultStackTraceDepth, MaxStringLen: defaultMaxStringLen, MaxArrayValues: defaultMaxArrayValues}
}

// settle replaces numbers that say nothing by the defaults.
func (c *settings) settle() {
	orDefault := func(n *int, otherwise int) {
		if *n <= 0 {
			*n = otherwise
		}
	}
	orDefault(&c.StackTraceDepth, defaultStackTraceDepth)
	orDefault(&c.MaxStringLen, defaultMaxStringLen)
	orDefault(&c.MaxArrayValues, defaultMaxArrayValues)
}

// substitutePath says that what lies in From for the client was compiled in To. Both must
// be given, and may be empty: then it adds or removes the beginning of relative paths.
type substitutePath struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// UnmarshalJSON insists on both.
func (p *substitutePath) UnmarshalJSON(data []byte) error {
	var both struct{ From, To *string }
	if err := json.Unmarshal(data, &both); err != nil {
		return fmt.Errorf(`cannot use %s as 'substitutePath' of type {"from":string, "to":string}`, data)
	}
	if both.From == nil || both.To == nil {
		return errors.New("'substitutePath' requires both 'from' and 'to' entries")
	}
	p.From, p.To = *both.From, *both.To
	return nil
}

// buildFlags are given as one string, as for a shell, or as a list.
type buildFlags []string

// UnmarshalJSON takes either.
func (f *buildFlags) UnmarshalJSON(data []byte) error {
	var list []string
	if err := json.Unmarshal(data, &list); err == nil {
		*f = list
		return nil
	}
	var line string
	if err := json.Unmarshal(data, &line); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return fmt.Errorf(`cannot unmarshal %s into "buildFlags" of type []string or string`, kind.Value)
		}
		return err
	}
	words, err := gobuild.SplitFlags(line)
	if err != nil {
		return fmt.Errorf("buildFlags: %w", err)
	}
	*f = words
	return nil
}

// decode reads the attributes of launch and attach. Those that nobody here knows are the
// editor's own.
func decode(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		want, field := kind.Type.String(), strings.TrimPrefix(kind.Field, "settings.")
		if field == "substitutePath" {
			want = `{"from":string, "to":string}`
		}
		if field == "" {
			return fmt.Errorf("cannot unmarshal %s into the attributes: they are an object", kind.Value)
		}
		return fmt.Errorf("cannot unmarshal %s into %q of type %s", kind.Value, field, want)
	}
	return err
}

// userError is shown to users as it is, in the words that those of Delve know.
type userError string

func (e userError) Error() string { return string(e) }
