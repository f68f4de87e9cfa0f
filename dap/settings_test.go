package dap

import (
	"slices"
	"testing"
)

func TestDefaults(t *testing.T) {
	for _, raw := range []string{`{"program":"x","mode":"exec"}`, `{"program":"x","mode":"exec","stackTraceDepth":0,"maxStringLen":-1,"maxArrayValues":0}`} {
		c, err := readLaunch([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		if c.StackTraceDepth != 50 || c.MaxStringLen != 512 || c.MaxArrayValues != 64 || c.ShowGlobalVariables || c.ShowRegisters ||
			c.HideSystemGoroutines || c.ShowRawStrings || c.StopOnEntry || c.FollowExecs || c.NoDebug {
			t.Errorf("%s: %+v", raw, c)
		}
	}
}

// Each attribute arrives under the name that Delve's users know.
func TestAttributes(t *testing.T) {
	c, err := readLaunch([]byte(`{"request":"launch","mode":"test","program":"./p","args":["a b","c"],"cwd":"w","env":{"A":"1","B":null},
		"buildFlags":"-tags=x -ldflags='-X main.V=1 2'","output":"o","noDebug":true,"dlvCwd":"","outputMode":"remote","stdinFrom":"i",
		"stopOnEntry":true,"stackTraceDepth":7,"maxStringLen":8,"maxArrayValues":9,"showGlobalVariables":true,"showRegisters":true,
		"showRawStrings":true,"hideSystemGoroutines":true,"goroutineFilters":"-with user x","showPprofLabels":["a"],
		"substitutePath":[{"from":"/a","to":""}],"followExec":true,"followExecRegex":"^x","backend":"default",
		"__buildDir":"/x","dlvToolPath":"/y","packagePathToGoModPathMap":{"/a":"b"},"console":"integratedTerminal"}`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Mode != "test" || c.Program != "./p" || !slices.Equal(c.Args, []string{"a b", "c"}) || c.Cwd != "w" || *c.Env["A"] != "1" || c.Env["B"] != nil ||
		!slices.Equal(c.BuildFlags, []string{"-tags=x", "-ldflags=-X main.V=1 2"}) || c.Output != "o" || !c.NoDebug || c.StdinFrom != "i" {
		t.Errorf("%+v", c)
	}
	if !c.StopOnEntry || c.StackTraceDepth != 7 || c.MaxStringLen != 8 || c.MaxArrayValues != 9 || !c.ShowGlobalVariables || !c.ShowRegisters ||
		!c.ShowRawStrings || !c.HideSystemGoroutines || c.GoroutineFilters != "-with user x" || !slices.Equal(c.ShowPprofLabels, []string{"a"}) ||
		len(c.SubstitutePath) != 1 || c.SubstitutePath[0] != (substitutePath{"/a", ""}) || !c.FollowExecs || c.FollowExecRegex != "^x" {
		t.Errorf("%+v", c.settings)
	}
	list, err := readLaunch([]byte(`{"program":"p","buildFlags":["-tags=a b","-race"]}`))
	if err != nil || !slices.Equal(list.BuildFlags, []string{"-tags=a b", "-race"}) || list.Mode != "debug" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestBadAttributes(t *testing.T) {
	for raw, want := range map[string]string{
		`{}`:                                                   "The program attribute is missing in debug configuration.",
		`{"mode":"core","program":"x"}`:                        "The 'coreFilePath' attribute is missing in debug configuration.",
		`{"mode":"remote","program":"x"}`:                      `invalid debug configuration - unsupported 'mode' attribute "remote"`,
		`{"program":12}`:                                       `invalid debug configuration - cannot unmarshal number into "program" of type string`,
		`{"program":"x","args":"y"}`:                           `invalid debug configuration - cannot unmarshal string into "args" of type []string`,
		`{"program":"x","buildFlags":1}`:                       `invalid debug configuration - cannot unmarshal number into "buildFlags" of type []string or string`,
		`{"program":"x","buildFlags":"-a 'b"}`:                 `invalid debug configuration - buildFlags: -a 'b has no closing '`,
		`{"program":"x","noDebug":"true"}`:                     `invalid debug configuration - cannot unmarshal string into "noDebug" of type bool`,
		`{"program":"x","substitutePath":[12]}`:                `invalid debug configuration - cannot use 12 as 'substitutePath' of type {"from":string, "to":string}`,
		`{"program":"x","substitutePath":12}`:                  `invalid debug configuration - cannot unmarshal number into "substitutePath" of type {"from":string, "to":string}`,
		`{"program":"x","substitutePath":[{"to":"a"}]}`:        `invalid debug configuration - 'substitutePath' requires both 'from' and 'to' entries`,
		`{"program":"x","outputMode":"both"}`:                  `invalid debug configuration - unsupported 'outputMode' attribute "both"`,
		`{"program":"x","outputMode":"remote","stderrTo":"f"}`: `outputMode "remote" can not be used together with stdoutTo or stderrTo`,
		`{"program":"x","backend":"rr"}`:                       `unknown backend "rr": there is one only, "native"`,
		`{"program":"x","dlvCwd":"/no/such/directory"}`:        `failed to chdir to "/no/such/directory" - no such directory`,
		`{"mode":"replay","traceDirPath":"x"}`:                 `mode "replay" is not supported: recordings of rr cannot be read; record a core file (mode "core"), or debug the program itself`,
		`{"program":"x","stackTraceDepth":1.5}`:                `invalid debug configuration - cannot unmarshal number 1.5 into "stackTraceDepth" of type int`,
		`["not an object"]`:                                    `invalid debug configuration - cannot unmarshal array into the attributes: they are an object`,
	} {
		if _, err := readLaunch([]byte(raw)); err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", raw, err, want)
		}
	}
}

// A restart changes what it says, and nothing of the configuration before.
func TestAgain(t *testing.T) {
	first, err := readLaunch([]byte(`{"program":"p","args":["a","b"],"env":{"A":"1"},"stackTraceDepth":7,"buildFlags":"-race","showPprofLabels":["x","y"]}`))
	if err != nil {
		t.Fatal(err)
	}
	next, err := first.again([]byte(`{"args":["c"],"env":{"B":"2"},"showPprofLabels":["z"]}`))
	if err != nil {
		t.Fatal(err)
	}
	if next.Program != "p" || !slices.Equal(next.Args, []string{"c"}) || len(next.Env) != 1 || next.StackTraceDepth != 7 || !slices.Equal(next.BuildFlags, []string{"-race"}) {
		t.Errorf("%+v", next)
	}
	if !slices.Equal(first.Args, []string{"a", "b"}) || len(first.Env) != 1 || first.Env["A"] == nil || !slices.Equal(first.ShowPprofLabels, []string{"x", "y"}) {
		t.Errorf("the one before is now %+v", first)
	}
}
