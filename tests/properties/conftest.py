"""How hypothesis works here: the same examples at each run, so that a failure is a failure everywhere."""

from hypothesis import HealthCheck, settings

# No deadline: the machines differ. A walk is built from many draws, so hypothesis would call it slow and large.
settings.register_profile(
    "properties",
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
settings.load_profile("properties")
