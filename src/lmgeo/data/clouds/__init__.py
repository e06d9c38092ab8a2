"""Arrays from files."""

from lmgeo.data.clouds.kinds import FORMATS, CloudFormat, Clouds
from lmgeo.data.clouds.load import load_clouds

__all__ = ["FORMATS", "CloudFormat", "Clouds", "load_clouds"]
