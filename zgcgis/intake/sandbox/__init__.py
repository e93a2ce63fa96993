"""Where foreign files are opened: as copies, in a process that has one driver, no network, limits."""
