"""Coupons for programs."""
