package guard

import "github.com/argusdbg/argus/ptrace"

func tls(th *ptrace.Thread) (uint64, error) { return th.TLS() }
