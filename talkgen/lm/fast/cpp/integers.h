// Products of weights as they are stored and activations as 16-bit integers, exact in 32 bits: one body an instruction
// set, all giving the same integers. Each header has
//
//     arrange         a block of 32 activations as its products want to meet it
//     dot_block       a block of a row of weights times one of activations, as eight sums that add up to the product
//     Panel, unpack   a block of CHUNK rows of weights, laid out so that the rows lie side by side, with their scales
//     dot_panel       a panel times blocks of M rows of activations: a sum for each row of weights and of activations
#pragma once

#include "formats.h"

#if defined(__AVX2__)
#include "integers_x86.h"
#elif defined(__ARM_FEATURE_DOTPROD)
#include "integers_arm.h"
#else
#include "integers_plain.h"
#endif
