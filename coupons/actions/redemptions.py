"""Redeeming, reversing and holding, as people and programs ask for it."""
