package main

import "testing"

func TestMarkdown(t *testing.T) {
	const want = `| | argus | delve | x argus | gdb | x argus | floor | x argus | kernel | x argus | nobody | x argus |
|---|---|---|---|---|---|---|---|---|---|---|---|
| a-case | 1.50 us (1.00 us to 2.00 us) | 100 us | 100 (100 to 100) | | | failed | | | | | |
`
	if got := markdown([]*outcome{someOutcome()}); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
