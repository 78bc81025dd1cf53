"""What the outside is told, pure: public events, their signatures, and when a failed delivery is tried again."""
