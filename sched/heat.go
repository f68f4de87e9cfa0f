package sched

import "math"

// Heat is how often something happens lately: a count of which half is forgotten in each
// half-life.
type Heat struct {
	count float64
	at    Time
}

// Add counts n more at now. Half is a half-life in nanoseconds, more than 0.
func (h *Heat) Add(n float64, now, half Time) {
	h.count = h.decayed(now, half) + n
	h.at = max(h.at, now)
}

// Rate is how many there are in a second.
func (h *Heat) Rate(now, half Time) float64 {
	// What happens r times a second holds the count at r half / ln 2.
	return h.decayed(now, half) * math.Ln2 / (float64(half) / 1e9)
}

func (h *Heat) decayed(now, half Time) float64 {
	if now <= h.at {
		return h.count
	}
	return h.count * math.Exp2(-float64(now-h.at)/float64(half))
}
