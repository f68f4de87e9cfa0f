// Package hwbp knows what a debug register can hold. It is arithmetic on
// numbers: it runs no register and imports no operating system, so both
// architectures compile and are tested on every machine.
//
// # Mechanism
//
// A processor watches memory in a handful of slots. One setting of one slot is
// a [Point]: an address, a length and an access. What a slot accepts differs:
//
//   - x86-64 has four slots that data and execution share. A data point is 1, 2,
//     4 or 8 bytes long and aligned to its length, and there is no read-only
//     access. The setting lives in an address register DR0 to DR3 and in six
//     bits of [DR7]; [DR6] says which slots fired.
//   - arm64 has separate pools. A data point is any run of bytes inside one
//     aligned doubleword, selected by one bit a byte. The setting lives in a
//     value and a control register: [EncodeWatch] for data, [EncodeBreak] for
//     execution.
//
// [Limits] describes one of them as plain numbers, [Limits.Check] says whether a
// slot can hold a point, and [Cover] turns any byte range into the fewest points
// that watch exactly these bytes: no byte more, because a hit beside the range
// would be a lie, and no byte less, because a miss would be.
//
// Whether an address belongs to user space is the kernel's to say, and how many
// slots are free is the scheduler's: neither is asked here.
//
// # Who may call it
//
// Anyone, from any goroutine. Everything is a value, there is no state and there
// are no locks. The files named amd64_ and arm64_ carry the architecture in
// front, since behind it would keep them from being built elsewhere.
package hwbp
