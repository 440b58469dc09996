"""The doors through which workers reach coupons."""
