package main

import "context"

const unbuilt = "there is no bare loop for this architecture yet"

func (h hits) floor(context.Context, *setting) (sample, error) { return sample{}, cannot(unbuilt) }

func floorStart([]string) (sample, error) { return sample{}, cannot(unbuilt) }
