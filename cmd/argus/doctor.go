package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/urfave/cli/v3"

	"github.com/argusdbg/argus/internal/doctor"
)

// statusUnfit is doctor's status where Argus cannot watch.
const statusUnfit = 1

func doctorCommand(status *int) *cli.Command {
	var asJSON bool
	var color string
	return &cli.Command{
		Name:               "doctor",
		Usage:              "tell what this machine permits",
		CustomHelpTemplate: help("doctor"),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print JSON", Destination: &asJSON},
			colorFlag(&color),
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.NArg() > 0 {
				return usage("doctor: takes no arguments%s", seeHelp(c))
			}
			sigs := catchSignals()
			defer sigs.stop()
			ctx, cancel := sigs.interrupting(ctx)
			defer cancel()
			report := doctor.Examine(ctx)
			if err := orInterrupted(ctx, nil); err != nil {
				return err
			}
			if !report.OK() {
				*status = statusUnfit
			}
			if asJSON {
				enc := json.NewEncoder(os.Stdout)
				enc.SetEscapeHTML(false)
				return enc.Encode(report)
			}
			return report.WriteText(os.Stdout, bool(wantColor(color, os.Stdout)))
		},
	}
}
