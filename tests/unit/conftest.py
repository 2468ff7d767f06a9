"""Every test reads the pinned time zones, as the functions do, whichever machine it runs on."""

from shared.zones import assert_zone_data

assert_zone_data()
