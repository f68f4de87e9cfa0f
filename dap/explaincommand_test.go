package dap

import (
	"testing"
)

func TestConditionsCommand(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := scenarioEditor(t, cfg, "fields", "4")
		ed.says("argus conditions", "no conditions")
		ed.says("argus watch main.pair.A if main.pair.A == 2", "main.pair.A")
		ed.says("argus watch -quiet main.pair.B if len(main.table) == 7", "main.pair.B")
		ed.says("argus conditions", "main.pair.A if main.pair.A == 2: not evaluated yet")
		ed.resume("continue", 1)
		ed.stoppedFor("data breakpoint")
		ed.says("argus conditions", "main.pair.A if main.pair.A == 2\n  at main.fields (", ": compiled", "main.pair.B if len(main.table) == 7\n  at main.fields (", "2 times: left to Delve's evaluator, which takes longer: len(main.table) is not compiled")
		ed.resume("continue", 1)
		ed.ended()
		ed.disconnect()
	})
}
