"""What is decided for all coupons."""
