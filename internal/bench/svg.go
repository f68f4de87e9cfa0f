package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
)

// Sizes of the chart, in pixels.
const (
	chartWidth  = 960
	labelWidth  = 150 // of the cases' names
	valueWidth  = 90  // of Argus's own figures
	rowHeight   = 26
	chartMargin = 20
	axisHeight  = 34
	legend      = 34
)

// style has colours that can be told apart in light and in dark, and by most of those who
// see fewer.
const style = `<style>
text { font: 12px sans-serif; fill: #24292f }
.grid { stroke: #d0d7de } .one { stroke: #57606a } .range { stroke-width: 2; opacity: .5 }
.argus { fill: #0969da; stroke: #0969da } .argus-kernel { fill: #1b7c83; stroke: #1b7c83 }
.delve { fill: #bc4c00; stroke: #bc4c00 } .gdb { fill: #8250df; stroke: #8250df }
.floor { fill: #57606a; stroke: #57606a } .kernel { fill: #9a6700; stroke: #9a6700 }
.nobody { fill: #1a7f37; stroke: #1a7f37 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .grid { stroke: #30363d } .one { stroke: #8b949e }
.argus { fill: #58a6ff; stroke: #58a6ff } .argus-kernel { fill: #39c5cf; stroke: #39c5cf }
.delve { fill: #ffa657; stroke: #ffa657 } .gdb { fill: #d2a8ff; stroke: #d2a8ff }
.floor { fill: #8b949e; stroke: #8b949e } .kernel { fill: #e3b341; stroke: #e3b341 }
.nobody { fill: #3fb950; stroke: #3fb950 }
}
</style>
`

// class is a tool's in the style.
func (t tool) class() string {
	if t == argusKernel {
		return "argus-kernel"
	}
	return string(t)
}

// axis maps ratios to places, by their logarithms.
type axis struct{ least, most float64 } // powers of ten

func (a axis) at(ratio float64) float64 {
	const width = chartWidth - labelWidth - valueWidth - 2*chartMargin
	return chartMargin + labelWidth + width*(math.Log10(ratio)-a.least)/(a.most-a.least)
}

// axisFor is one that has room for all ratios.
func axisFor(list []*outcome) axis {
	a := axis{0, 1}
	for _, o := range list {
		for _, f := range o.Tools {
			if f.ToArgus.N > 0 && f.ToArgus.Least > 0 {
				a.least = min(a.least, math.Floor(math.Log10(f.ToArgus.Least)))
				a.most = max(a.most, math.Ceil(math.Log10(f.ToArgus.Most)))
			}
		}
	}
	return a
}

// chart is an SVG that shows for each case how many times Argus's figure the others' are:
// the median as a point, on a line from the least to the greatest. Cases of which Argus
// has no figure are not in it.
func chart(list []*outcome) []byte {
	var rows []*outcome
	for _, o := range list {
		if own := o.of(argus); own != nil && own.Spread.N > 0 {
			rows = append(rows, o)
		}
	}
	a := axisFor(rows)
	top := chartMargin + legend
	bottom := top + rowHeight*len(rows)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %d" role="img" aria-label="What others take, as multiples of what Argus takes">`+"\n",
		chartWidth, bottom+axisHeight+chartMargin, bottom+axisHeight+chartMargin)
	b.WriteString(style)
	x := chartMargin + labelWidth
	for _, t := range tools {
		if !shown(rows, t) {
			continue
		}
		fmt.Fprintf(&b, `<circle class="%s" cx="%d" cy="%d" r="5"/><text x="%d" y="%d">%s</text>`+"\n", t.class(), x, chartMargin+4, x+10, chartMargin+8, html.EscapeString(string(t)))
		x += 40 + 7*len(t)
	}
	for p := a.least; p <= a.most; p++ {
		class, at := "grid", a.at(math.Pow(10, p))
		if p == 0 {
			class = "one"
		}
		fmt.Fprintf(&b, `<line class="%s" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`+"\n", class, at, top, at, bottom)
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%g x</text>`+"\n", at, bottom+16, math.Pow(10, p))
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">argus</text>`+"\n", chartWidth-chartMargin, top-6)
	for i, o := range rows {
		y := top + rowHeight*i + rowHeight/2
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s<title>%s</title></text>`+"\n", chartMargin, y+4, html.EscapeString(o.Case), html.EscapeString(o.Title))
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", chartWidth-chartMargin, y+4, o.Unit.show(o.of(argus).Spread.Median))
		for _, f := range o.Tools {
			r := f.ToArgus
			if r.N == 0 || r.Least <= 0 {
				continue
			}
			fmt.Fprintf(&b, `<line class="range %s" x1="%.1f" y1="%d" x2="%.1f" y2="%[3]d"/>`, f.Tool.class(), a.at(r.Least), y, a.at(r.Most))
			fmt.Fprintf(&b, `<circle class="%s" cx="%.1f" cy="%d" r="5"><title>%s: %s, %s x argus</title></circle>`+"\n",
				f.Tool.class(), a.at(r.Median), y, html.EscapeString(string(f.Tool)), o.Unit.show(f.Spread.Median), significant(r.Median))
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// shown reports whether a tool has a point in the chart.
func shown(rows []*outcome, t tool) bool {
	for _, o := range rows {
		if f := o.of(t); f != nil && f.ToArgus.N > 0 {
			return true
		}
	}
	return false
}
