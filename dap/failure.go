package dap

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/google/go-dap"
)

// Ids of errors, those of Delve's adapter where it has one for the same.
const (
	idUnsupported   = 9999
	idInternal      = 8888
	idLaunch        = 3000 // and what there is no debugger for
	idAttach        = 3001
	idInitialize    = 3002
	idBreakpoints   = 2002
	idThreads       = 2003
	idStack         = 2004
	idLocals        = 2005
	idArguments     = 2006
	idGlobals       = 2007
	idVariable      = 2008
	idEvaluate      = 2009
	idPause         = 2010
	idExceptionInfo = 2011
	idSetVariable   = 2012
	idDisassemble   = 2013
	idRegisters     = 2014
	idCommand       = 2015
	idMemory        = 2016
	idWriteMemory   = 2018
	idDisconnect    = 5000

	// Ours.
	idCancelled    = 4100
	idWrongState   = 4101
	idBadArguments = 4102
	idSource       = 4103
	idStep         = 4104
	idRestart      = 4105
)

// failure is why a request could not be done.
type failure struct {
	id      int
	summary string // the response's message: what failed, short
	err     error
	silent  bool // the client need not show it to the user
}

func (f *failure) Error() string {
	if f.err == nil {
		return f.summary
	}
	return fmt.Sprintf("%s: %v", f.summary, f.err)
}

func (f *failure) Unwrap() error { return f.err }

func (f *failure) message() *dap.ErrorMessage {
	return &dap.ErrorMessage{Id: f.id, Format: f.Error(), ShowUser: !f.silent}
}

// fail makes a failure that editors show.
func fail(id int, summary string, err error) error {
	return &failure{id: id, summary: summary, err: err}
}

// failSilently makes a failure that editors log or show in place, as for an expression
// that hovers over something that is no variable.
func failSilently(id int, summary string, err error) error {
	return &failure{id: id, summary: summary, err: err, silent: true}
}

// errCancelled is the response that the protocol has for a cancelled request.
var errCancelled = &failure{id: idCancelled, summary: "cancelled", silent: true}

func asFailure(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return &failure{id: idInternal, summary: err.Error(), silent: true}
}

// isClosed reports whether a connection was closed, by either side.
func isClosed(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
