package kfilter

// Where things are in the memory that the program and this process share.
const (
	atLast     = 0  // the value that was found last
	atMatched  = 8  // hits at which the condition was true, while there is a count
	atFiltered = 16 // hits that stopped nobody, of all events: those of the goroutine's
	atForeign  = 24 // and those of others

	atRules  = 64
	ruleSize = 64
	rules    = 256 // a power of two
	probes   = 4   // places in the table where a rule can be

	atEvents  = atRules + rules*ruleSize
	eventSize = 64 // as far apart as lines of a processor's cache
	eventBits = 6
	events    = 1 << 10 // threads that a filter can serve

	stateSize = atEvents + events*eventSize
)

// Where things are in a rule, which says of a place in the code how an access is made.
const (
	rulePC      = 0  // behind the instruction; 0: there is none. Written last
	ruleNew     = 8  // where the value after is: see from
	ruleNewReg  = 16 // which register
	ruleNewWord = 24 // the constant
	ruleOld     = 32
	ruleOldReg  = 40
)

// from is where a value is to be found beside memory.
const (
	fromNowhere  = 0 // the place is not to be decided about
	fromMemory   = 1 // nowhere else
	fromRegister = 2
	fromConstant = 3
	fromSwapped  = 4
)

// Where things are in what belongs to an event.
const (
	eventFiltered = 0  // hits that stopped nobody
	eventPassed   = 8  // hits that were to
	eventOld      = 16 // of the last of these: the value before
	eventJudged   = 24 // and whether it was decided about
)

// Where things are on the program's stack.
const (
	slotNew   = -8
	slotOld   = -16
	slotID    = -24 // of the goroutine
	slotStart = -32
	slotIDs   = -40 // of thread and process
	slotAny   = -48
)

// What a condition is told of (package cond's Kernel), and where it goes.
const (
	Old       int16 = slotOld
	New       int16 = slotNew
	Goroutine int16 = slotID
	Thread    int16 = slotIDs
	Free      int16 = slotAny

	No    = "unwanted"  // the condition is false
	Fault = "undecided" // it cannot be told
)
