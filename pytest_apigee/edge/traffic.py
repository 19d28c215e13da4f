"""What the gateway counts of the traffic of one organization: for Quota and SpikeArrest."""


class TrafficCounters:
    """The counters of one organization."""
