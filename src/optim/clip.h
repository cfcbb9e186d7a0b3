// optim/clip.h: gradients clipped by their norms.

#ifndef ND_OPTIM_CLIP_H
#define ND_OPTIM_CLIP_H

#include "optim/turn.h"

// Sets the scales of the jobs, whose gradients will be multiplied by `scale`.
void nd_clip_find(nd_turn *turn, double scale);

#endif
