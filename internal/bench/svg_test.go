package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// circles parses a chart, and returns the places of its points.
func circles(t interface{ Fatal(...any) }, chart []byte) (x []float64, text string) {
	d := xml.NewDecoder(bytes.NewReader(chart))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return x, text
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.CharData:
			text += string(e)
		case xml.StartElement:
			for _, a := range e.Attr {
				if e.Name.Local == "circle" && a.Name.Local == "cx" {
					v, err := strconv.ParseFloat(a.Value, 64)
					if err != nil {
						t.Fatal(err)
					}
					x = append(x, v)
				}
			}
		}
	}
}

func TestChart(t *testing.T) {
	without := &outcome{Case: "not-argus", Tools: []*figures{turnsOf(argus, -1)}}
	without.conclude(nil)
	svg := chart([]*outcome{someOutcome(), without})
	points, text := circles(t, svg)
	if len(points) != 4 { // two in the legend
		t.Errorf("%d points", len(points))
	}
	for _, want := range []string{"a-case", "what is <measured>", "delve: 100 us, 100 x argus", "1.50 us", "prefers-color-scheme: dark"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, svg)
		}
	}
	if strings.Contains(text, "not-argus") {
		t.Error("a case without Argus's figure is in it")
	}
	for _, tool := range tools {
		if n := strings.Count(style, "."+tool.class()+" {"); n != 2 {
			t.Errorf("%s has %d styles, want those of light and dark", tool, n)
		}
	}
}

// TestChartHasRoom: every ratio has its place inside of the picture, greater ones more to
// the right.
func TestChartHasRoom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.Float64Range(1, 1e12)
		o := &outcome{Case: "x", Unit: nanoseconds, Tools: []*figures{turnsOf(argus, value.Draw(t, "argus")), turnsOf(delve, value.Draw(t, "delve"))}}
		o.conclude(nil)
		points, _ := circles(t, chart([]*outcome{o}))
		if len(points) != 4 {
			t.Fatalf("%d points", len(points))
		}
		for _, x := range points {
			if x < chartMargin+labelWidth || x > chartWidth-valueWidth-chartMargin {
				t.Fatalf("a point is at %g", x)
			}
		}
		if own, other := points[2], points[3]; (o.Tools[1].ToArgus.Median > 1.1 && other <= own) || (o.Tools[1].ToArgus.Median < 0.9 && other >= own) {
			t.Fatalf("%g times is at %g, Argus at %g", o.Tools[1].ToArgus.Median, other, own)
		}
	})
}
