from hypothesis import HealthCheck, settings

# The machine decides how long an example takes, and 200 of them are drawn for each property.
settings.register_profile("signoff", deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("signoff")
