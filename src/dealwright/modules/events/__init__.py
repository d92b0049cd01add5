"""The events that exist, as data; every other module stands above this one."""
