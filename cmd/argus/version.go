package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v3"
)

// versionInfo is what this program was made of.
type versionInfo struct {
	Version  string `json:"version"` // of the module; "devel" if it was built from a checkout
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Delve    string `json:"delve"`
}

func versionCommand() *cli.Command {
	var asJSON bool
	return &cli.Command{
		Name:               "version",
		Usage:              "print the version",
		CustomHelpTemplate: help("version"),
		Flags:              []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print JSON", Destination: &asJSON}},
		Action: func(_ context.Context, c *cli.Command) error {
			if c.NArg() > 0 {
				return usage("version: takes no arguments%s", seeHelp(c))
			}
			info := readVersion()
			if asJSON {
				return json.NewEncoder(os.Stdout).Encode(info)
			}
			return info.write(os.Stdout)
		},
	}
}

func readVersion() versionInfo {
	v := versionInfo{Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if m := build.Main.Version; m != "" && m != "(devel)" {
		v.Version = m
	}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	for _, m := range build.Deps {
		if m.Path == "github.com/go-delve/delve" {
			v.Delve = m.Version
		}
	}
	return v
}

func (v versionInfo) write(w io.Writer) error {
	text := fmt.Sprintf("argus %s (%s, %s)\ndelve %s\n", v.Version, v.Go, v.Platform, v.Delve)
	if v.Revision != "" {
		text += "commit " + v.Revision
		if v.Modified {
			text += ", modified"
		}
		text += "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}
