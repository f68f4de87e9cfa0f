package main

// The instructions, one to a function. They access what lies off bytes behind p.

//go:noescape
func store1(p *uint64, off, v uint64)

//go:noescape
func store2(p *uint64, off, v uint64)

//go:noescape
func store4(p *uint64, off, v uint64)

//go:noescape
func store8(p *uint64, off, v uint64)

//go:noescape
func movups(p *uint64, off, v uint64)

//go:noescape
func movntdq(p *uint64, off, v uint64)

//go:noescape
func movnti(p *uint64, off, v uint64)

//go:noescape
func vmovdqu(p *uint64, off, v uint64)

//go:noescape
func vmovdqu64(p *uint64, off, v uint64)

//go:noescape
func vpmaskmov(p *uint64, off, v uint64)

//go:noescape
func vpscatter(p *uint64, off, v uint64)

//go:noescape
func fxsave(p *uint64, off, v uint64)

//go:noescape
func push(p *uint64, off, v uint64)

//go:noescape
func popmem(p *uint64, off, v uint64)

//go:noescape
func callonto(p *uint64, off, v uint64)

//go:noescape
func xchg(p *uint64, off, v uint64)

//go:noescape
func xadd(p *uint64, off, v uint64)

//go:noescape
func lockor0(p *uint64, off, v uint64)

//go:noescape
func incmem(p *uint64, off, v uint64)

//go:noescape
func bts(p *uint64, off, v uint64)

// casOK replaces v by v+1: it succeeds.
//
//go:noescape
func casOK(p *uint64, off, v uint64)

// casFail fails, and leaves what is there.
//
//go:noescape
func casFail(p *uint64, off, v uint64)

//go:noescape
func cas16OK(p *uint64, off, v uint64)

//go:noescape
func cas16Fail(p *uint64, off, v uint64)

//go:noescape
func load8(p *uint64, off, v uint64)

//go:noescape
func stosq(p *uint64, off, v uint64)

//go:noescape
func movsq(p *uint64, off, v uint64)

// rep says how many bytes repstosb and its like write.
var rep struct{ bytes uint64 }

// source is what repmovsb and repmovsq copy.
var source [64]uint64

// repstosb and its like: REP STOSQ and REP MOVSQ write 64 bytes.
//
//go:noescape
func repstosb(p *uint64, off, v uint64)

//go:noescape
func repstosq(p *uint64, off, v uint64)

//go:noescape
func repmovsb(p *uint64, off, v uint64)

//go:noescape
func repmovsq(p *uint64, off, v uint64)

// repdown writes from the last byte to the first.
//
//go:noescape
func repdown(p *uint64, off, v uint64)

// spin stores v times.
//
//go:noescape
func spin(p *uint64, off, v uint64)

// tight stores v, and then v times again by a loop of a store and a jump back to it.
//
//go:noescape
func tight(p *uint64, off, v uint64)

func init() {
	for name, f := range map[string]func(p *uint64, off, v uint64){
		"store1": store1, "store2": store2, "store4": store4, "store8": store8,
		"movups": movups, "movntdq": movntdq, "movnti": movnti, "vmovdqu": vmovdqu, "vmovdqu64": vmovdqu64,
		"vpmaskmov": vpmaskmov, "vpscatter": vpscatter, "fxsave": fxsave,
		"push": push, "popmem": popmem, "callonto": callonto,
		"xchg": xchg, "xadd": xadd, "lockor0": lockor0, "incmem": incmem, "bts": bts,
		"casOK": casOK, "casFail": casFail, "cas16OK": cas16OK, "cas16Fail": cas16Fail,
		"load8": load8,
		"stosq": stosq, "movsq": movsq,
		"repstosb": repstosb, "repstosq": repstosq, "repmovsb": repmovsb, "repmovsq": repmovsq, "repdown": repdown,
	} {
		scenarios[name] = func(n int) {
			rep.bytes = uint64(argument(3))
			for i := range n {
				for k := range source {
					source[k] = uint64(i+1) * 0x0101010101010101
				}
				f(&area[word], uint64(offset()), uint64(i))
			}
		}
	}
	scenarios["spin"] = func(n int) { spin(&area[word], 0, uint64(n)) }
	scenarios["tight"] = func(n int) { tight(&area[word], 0, uint64(n)) }
	scenarios["same"] = func(n int) {
		for range n {
			store8(&area[word], 0, 0) // as it is
		}
	}
	scenarios["sizes"] = sizes
	scenarios["resize"] = resize
}

// sizes stores at each offset from 15 bytes before the word to 8 behind it, in each size.
func sizes(n int) {
	for i := range n {
		for off := uint64(0); off < 24; off++ {
			for _, store := range []func(p *uint64, off, v uint64){store1, store2, store4, store8} {
				store(&area[word-2], off, uint64(i))
			}
		}
	}
}

// resize stops n times, and writes all that sizes does in between.
func resize(n int) {
	for range n {
		pause()
		sizes(1)
	}
}
