"""The life of an engagement, pure: states, commands, offers and the occupancy they change."""
