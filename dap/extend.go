package dap

import "github.com/google/go-dap"

// What go-dap's types lack. They embed what is there, so that a go-dap that has caught
// up makes one line each of them superfluous.

// capabilities are those that the adapter has.
type capabilities struct {
	dap.Capabilities
	SupportsDataBreakpointBytes bool `json:"supportsDataBreakpointBytes,omitempty"`
}

// dataBreakpointInfoArguments can name memory.
type dataBreakpointInfoArguments struct {
	dap.DataBreakpointInfoArguments
	AsAddress bool   `json:"asAddress,omitempty"` // Name is an address
	Bytes     int    `json:"bytes,omitempty"`     // how many from there
	Mode      string `json:"mode,omitempty"`
}

// threadsArguments ask for a page of the threads: the protocol knows none, so it is for
// clients that know of it.
type threadsArguments struct {
	Start int `json:"startThread,omitempty"`
	Count int `json:"levels,omitempty"`
}
