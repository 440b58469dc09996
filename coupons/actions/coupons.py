"""Creating, changing, duplicating, archiving and deleting coupons."""
