"""Every state there is: what the laws are tested on."""

from __future__ import annotations

from lmgeo.states.comoments import CoMoments
from lmgeo.states.directions import Directions
from lmgeo.states.moments import Moments
from lmgeo.states.rows import Rows
from lmgeo.states.state import StateClass
from lmgeo.states.steps import Steps

STATES: tuple[StateClass, ...] = (Moments, Directions, Rows, CoMoments, Steps)
