"""What both sides do. This file loads neither's libraries; see `sides`."""

from __future__ import annotations

import numpy as np

SIZE = 224
BATCH = 32
MIN_AREA = 0.25  # of a frame that a crop keeps
JITTER = 0.4
MEAN = np.array((0.485, 0.456, 0.406), np.float32)
STD = np.array((0.229, 0.224, 0.225), np.float32)
