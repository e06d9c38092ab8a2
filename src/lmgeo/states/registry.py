"""Every state there is: what the laws are tested on."""

from __future__ import annotations

from lmgeo.states.directions import Directions
from lmgeo.states.moments import Moments
from lmgeo.states.rows import Rows

STATES: tuple[type[Moments] | type[Directions] | type[Rows], ...] = (Moments, Directions, Rows)
