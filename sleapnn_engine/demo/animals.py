"""The animals that can be drawn, by name."""

from sleapnn_engine.demo.fly import FLY
from sleapnn_engine.demo.mouse import MOUSE

ANATOMIES = {anatomy.name: anatomy for anatomy in (MOUSE, FLY)}
