"""Circles."""

import math

print(math.pi)
