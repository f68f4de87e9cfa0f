package record

import "errors"

// There reads into value, which is as long as Config.Value, what is to be in memory while all
// threads are stopped: what the last hit has found. Anything else was written without a hit.
// It is not known by samples, nor if threads wrote faster than anybody could look.
func (r *Recorder) There(value []byte) (known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, is := r.source.(*program)
	if !is || p.ended || p.counter(stateMoving) > 0 {
		return false
	}
	_, err := p.shared.ReadAt(value, stateThere)
	return err == nil
}

// SetThere tells what is in memory, while all threads are stopped: the next record's value
// before, too.
func (r *Recorder) SetThere(value []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, is := r.source.(*program)
	if !is {
		return nil
	}
	return p.found(value)
}

// found has the program know the value.
func (p *program) found(value []byte) error {
	var none [8]byte
	_, err := p.shared.WriteAt(none[:], stateMoving)
	for _, at := range []int64{stateLast, stateThere} {
		_, err1 := p.shared.WriteAt(value, at)
		err = errors.Join(err, err1)
	}
	return err
}
