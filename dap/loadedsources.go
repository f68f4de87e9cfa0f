package dap

import "github.com/google/go-dap"

// onLoadedSources lists the files that the program was built of.
func onLoadedSources(s *session, r *request) (any, error) {
	files, err := s.target.Sources(r.ctx, "")
	if err != nil {
		return nil, failSilently(idSource, "Unable to list the sources", err)
	}
	body := &dap.LoadedSourcesResponseBody{Sources: []dap.Source{}}
	for _, file := range files {
		if src := s.source(file); src != nil {
			body.Sources = append(body.Sources, *src)
		}
	}
	return body, nil
}
