"""What all of our own tests share."""

import os

from hypothesis import HealthCheck, settings

# Reproducible and without a clock: a run fails for a change of ours, not for a slow machine or an unlucky draw.
settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
# To search rather than to check: HYPOTHESIS_PROFILE=search pytest ...
settings.register_profile("search", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
