package dap

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/backend"
)

// onModules lists the program's executable and shared libraries.
func onModules(s *session, r *request, args *dap.ModulesArguments) (any, error) {
	images, err := s.target.Images(r.ctx)
	if err != nil {
		return nil, failSilently(idUnsupported, "Unable to list the modules", err)
	}
	body := &dap.ModulesResponseBody{Modules: []dap.Module{}, TotalModules: len(images)}
	first := min(max(args.StartModule, 0), len(images))
	last := len(images)
	if args.ModuleCount > 0 {
		last = min(first+args.ModuleCount, last)
	}
	for _, im := range images[first:last] {
		body.Modules = append(body.Modules, moduleOf(im))
	}
	return body, nil
}

func moduleOf(im backend.Image) dap.Module {
	m := dap.Module{
		Id: im.Path, Name: filepath.Base(im.Path), Path: im.Path, Version: im.BuildID,
		IsUserCode: im.Go, SymbolStatus: "Symbols loaded.", AddressRange: fmt.Sprintf("%#x", im.Addr),
	}
	if im.Err != nil {
		m.SymbolStatus = "No symbols: " + im.Err.Error()
	}
	return m
}

// imageOf returns the image that an address belongs to.
func (s *session) imageOf(ctx context.Context, pc uint64) (found backend.Image, ok bool) {
	if s.images == nil {
		s.images, _ = s.target.Images(ctx)
	}
	for _, im := range s.images {
		if im.Addr <= pc && (!ok || im.Addr > found.Addr) {
			found, ok = im, true
		}
	}
	return found, ok
}
